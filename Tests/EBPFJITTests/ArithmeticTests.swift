import EBPFISA
import EBPFJIT
import EBPFTestSupport
import Testing

/// Every arithmetic instruction on every pair of registers, edge values included; all other registers must keep theirs.
@Suite(.enabled(if: runsCompiledCode))
struct ArithmeticTests {
  static let edges: [UInt64] = [
    0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000,
    0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_8000_0000, UInt64.max - 1, UInt64.max, 0x0123_4567_89ab_cdef,
  ]
  static let immediates: [Int32] = [
    0, 1, -1, 2, 3, 5, 7, 8, 9, 10, 16, 31, 32, 63, 100, 127, 128, -128, -129, 255, 641, 1000, 0x7fff, 65535, 65536, 1 << 30, .max, .min,
    -2, -10,
  ]

  @Test(arguments: testedJITs)
  func registerOperands(jit: JIT) throws {
    for operation in Arithmetic.allCases {
      for wide in [true, false] {
        for destination in Register.allCases where destination != .r10 {
          for source in Register.allCases {
            let body: Instruction =
              wide ? .alu64(operation, destination, source) : .alu32(operation, destination, source)
            try check(jit, body, destination, source) { left, right in
              ArithmeticOracle.value(operation, left, right, wide: wide)
            }
          }
        }
      }
    }
  }

  @Test(arguments: testedJITs)
  func immediates(jit: JIT) throws {
    for operation in Arithmetic.allCases {
      for wide in [true, false] {
        for immediate in Self.immediates {
          for destination in Register.allCases where destination != .r10 {
            let body: Instruction = wide ? .alu64(operation, destination, immediate) : .alu32(operation, destination, immediate)
            try check(jit, body, destination, destination) { left, _ in
              ArithmeticOracle.value(operation, left, UInt64(bitPattern: Int64(immediate)), wide: wide)
            }
          }
        }
      }
    }
  }

  /// Divisions by constants are multiplications: every small divisor and random ones, on dividends around their multiples.
  @Test(arguments: testedJITs)
  func constantDivisors(jit: JIT) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let divisors =
      Array(3...130) + (0..<400).map { _ in Int32(truncatingIfNeeded: random.next() >> UInt64.random(in: 32..<64, using: &random)) }
    for divisor in divisors {
      for wide in [true, false] {
        // r2 = r0 / divisor, r3 = r1 % divisor, and r4 lies beside them.
        let body: [Instruction] =
          wide ? [.alu64(.div, .r2, divisor), .alu64(.mod, .r3, divisor)] : [.alu32(.div, .r2, divisor), .alu32(.mod, .r3, divisor)]
        let code = ExecutableCode(try jit.compile(RegisterFile.program(body)))
        let value = wide ? UInt64(bitPattern: Int64(divisor)) : UInt64(UInt32(bitPattern: divisor))
        for round in 0..<40 {
          let multiple = value &* (random.next() >> UInt64.random(in: 0..<64, using: &random))
          let left = [multiple, multiple &- 1, multiple &+ 1, random.next(), UInt64.max &- UInt64(round)][round % 5]
          let right = [random.next(), multiple &- 1, multiple][round % 3]
          var words = RegisterFile.filled() + [0]
          words[2] = left
          words[3] = right
          _ = code.run(over: &words)
          let wanted = RegisterFile.filled()
          let divided = ArithmeticOracle.value(.div, left, value, wide: wide)
          let rest = ArithmeticOracle.value(.mod, right, value, wide: wide)
          guard words[2] == divided, words[3] == rest, words[4] == wanted[4], words[0] == wanted[0] else {
            Issue.record("seed \(seed): \(left) / \(divisor) and \(right) % \(divisor), wide \(wide): \(words)")
            return
          }
        }
      }
    }
  }

  @Test(arguments: testedJITs)
  func oneOperand(jit: JIT) throws {
    for destination in Register.allCases where destination != .r10 {
      try check(jit, .neg64(destination), destination, destination) { left, _ in 0 &- left }
      try check(jit, .neg32(destination), destination, destination) { left, _ in UInt64(0 &- UInt32(truncatingIfNeeded: left)) }
      for bits in [16, 32, 64] as [Int32] {
        for order in ByteSwap.allCases {
          try check(jit, .end(order, destination, bits: bits), destination, destination) { left, _ in
            let mask: UInt64 = bits == 64 ? .max : (1 << UInt64(bits)) - 1
            return order == .little ? left & mask : (left & mask).byteSwapped >> UInt64(64 - bits)
          }
        }
      }
    }
  }

  @Test(arguments: testedJITs)
  func signExtendingMoves(jit: JIT) throws {
    for destination in Register.allCases where destination != .r10 {
      for source in Register.allCases {
        for bits in [8, 16, 32] as [Int16] {
          try check(jit, .movsx64(destination, source, bits: bits), destination, source) { _, right in
            UInt64(bitPattern: Int64(bitPattern: right << UInt64(64 - bits)) >> Int64(64 - bits))
          }
          if bits == 32 { continue }
          try check(jit, .movsx32(destination, source, bits: bits), destination, source) { _, right in
            UInt64(UInt32(bitPattern: (Int32(truncatingIfNeeded: right) << Int32(32 - bits)) >> Int32(32 - bits)))
          }
        }
      }
    }
  }

  @Test func badOperands() {
    let jit = testedJITs[0]
    for (bad, code) in [
      (Instruction(opcode: Opcode.alu64 | Opcode.div | Opcode.x, offset: 2), JITError.Code.badOperand),
      (Instruction(opcode: Opcode.alu64 | Opcode.mov | Opcode.x, offset: 9), .badOperand),
      (Instruction(opcode: Opcode.alu32 | Opcode.mov | Opcode.x, offset: 32), .badOperand),
      (Instruction(opcode: Opcode.alu32 | Opcode.end, immediate: 24), .badOperand),
      (Instruction(opcode: Opcode.alu64 | Opcode.neg | Opcode.x), .unknownInstruction),
      (Instruction(opcode: Opcode.alu64 | 0xe0), .unknownInstruction),
      (Instruction(opcode: Opcode.alu64 | Opcode.add, destination: 10), .framePointerWritten),
      (Instruction(opcode: Opcode.alu64 | Opcode.add, destination: 11), .badRegister),
      (Instruction(opcode: Opcode.alu64 | Opcode.add | Opcode.x, source: 15), .badRegister),
    ] {
      let error = #expect(throws: JITError.self) { try jit.compile([bad, .exit]) }
      #expect(error?.code == code)
      #expect(error?.slot == 0)
    }
  }

  /// Runs one instruction between loads and stores of all registers.
  private func check(
    _ jit: JIT, _ instruction: Instruction, _ destination: Register, _ source: Register, _ expected: (UInt64, UInt64) -> UInt64,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let code = ExecutableCode(try jit.compile(RegisterFile.program([instruction])))
    for left in Self.edges {
      for right in Self.edges {
        if destination == source && left != right { continue }
        var before = RegisterFile.filled()
        before[Int(destination.rawValue)] = left
        if source != .r10 { before[Int(source.rawValue)] = right }
        var words = before + [0]
        _ = code.run(over: &words)
        // r10 is where the program saw it.
        let rightValue = source == .r10 ? words[10] : before[Int(source.rawValue)]
        var wanted = before
        wanted[Int(destination.rawValue)] = expected(left, rightValue)
        if Array(words[0..<10]) != wanted {
          Issue.record(
            "\(instruction) on \(left), \(rightValue): \(words) instead of \(wanted), code \(code.code.bytes)",
            sourceLocation: sourceLocation)
          return
        }
        if source == .r10 { break }
      }
    }
  }
}

/// Programs that load r0 to r9 from memory, do something, and store them back, with r10 behind them.
enum RegisterFile {
  static func filled() -> [UInt64] { (0..<10).map { 0x1111_1111_1111_1111 &* UInt64($0 + 1) } }

  static func program(_ body: [Instruction]) -> [Instruction] {
    var result: [Instruction] = [.store(.dw, .r10, -8, .r1)]
    for register in Register.allCases where register != .r10 && register != .r1 {
      result.append(.load(.dw, register, .r1, Int16(register.rawValue) * 8))
    }
    result.append(.load(.dw, .r1, .r1, 8))
    result += body
    for register in Register.allCases where register != .r10 {
      result.append(.store(.dw, .r10, -16 - Int16(register.rawValue) * 8, register))
    }
    result.append(.load(.dw, .r1, .r10, -8))
    for register in Register.allCases where register != .r10 {
      result.append(.load(.dw, .r2, .r10, -16 - Int16(register.rawValue) * 8))
      result.append(.store(.dw, .r1, Int16(register.rawValue) * 8, .r2))
    }
    result.append(.store(.dw, .r1, 80, .r10))
    result.append(.exit)
    return result
  }
}

/// What RFC 9669 section 4.1 says of each operation, in plain Swift.
enum ArithmeticOracle {
  static func value(_ operation: Arithmetic, _ left: UInt64, _ right: UInt64, wide: Bool) -> UInt64 {
    if wide { return UInt64(truncatingIfNeeded: of(operation, Int64(bitPattern: left), Int64(bitPattern: right), UInt64.self)) }
    return UInt64(of(operation, Int32(truncatingIfNeeded: left), Int32(truncatingIfNeeded: right), UInt32.self))
  }

  private static func of<S: FixedWidthInteger & SignedInteger, U: FixedWidthInteger & UnsignedInteger>(
    _ operation: Arithmetic, _ left: S, _ right: S, _: U.Type
  ) -> U {
    let a = U(truncatingIfNeeded: left)
    let b = U(truncatingIfNeeded: right)
    switch operation {
    case .add: return a &+ b
    case .sub: return a &- b
    case .mul: return a &* b
    case .div: return b == 0 ? 0 : a / b
    case .mod: return b == 0 ? a : a % b
    case .sdiv: return b == 0 ? 0 : U(truncatingIfNeeded: left.dividedReportingOverflow(by: right).partialValue)
    case .smod: return b == 0 ? a : right == -1 ? 0 : U(truncatingIfNeeded: left % right)
    case .or: return a | b
    case .and: return a & b
    case .xor: return a ^ b
    case .mov: return b
    case .lsh: return a &<< b
    case .rsh: return a &>> b
    case .arsh: return U(truncatingIfNeeded: left &>> right)
    }
  }
}
