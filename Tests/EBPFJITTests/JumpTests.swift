import EBPFISA
import EBPFJIT
import Testing

/// Conditions, distances around what a short jump reaches, programs of every size.
@Suite(.enabled(if: runsCompiledCode))
struct JumpTests {
  @Test("every condition on every pair of registers and on constants, 64 and 32 bits", arguments: testedJITs)
  func conditions(jit: JIT) throws {
    let values: [UInt64] = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 0x8000_0000_0000_0000, .max, 6]
    let registers = EBPFISA.Register.allCases.filter { $0 != .r10 }
    for condition in Condition.allCases {
      for wide in [true, false] {
        for left in registers {
          for right in registers {
            let jump: Instruction = wide ? .jump(condition, left, right, 2) : .jump32(condition, left, right, 2)
            let code = try compile(jit, jump, left, right)
            for a in values {
              for b in left == right ? [a] : values {
                #expect(run(code, a, b) == holds(condition, a, b, wide: wide), "\(condition) \(wide) \(left) \(right): \(a), \(b)")
              }
            }
          }
          for immediate in [0, 1, -1, 127, -128, 128, .max, .min, 6] as [Int32] {
            let jump: Instruction = wide ? .jump(condition, left, immediate, 2) : .jump32(condition, left, immediate, 2)
            let code = try compile(jit, jump, left, left)
            for a in values {
              let b = UInt64(bitPattern: Int64(immediate))
              #expect(run(code, a, a) == holds(condition, a, b, wide: wide), "\(condition) \(wide) \(left) \(immediate): \(a)")
            }
          }
        }
      }
    }
  }

  private func compile(
    _ jit: JIT, _ jump: Instruction, _ left: EBPFISA.Register, _ right: EBPFISA.Register
  ) throws -> ExecutableCode {
    // Both operands come from memory; the address goes through a register that is neither.
    let address = EBPFISA.Register.allCases.first { $0 != left && $0 != right }!
    return ExecutableCode(
      try jit.compile([
        .mov64(address, .r1), .load(.dw, left, address, 0), .load(.dw, right, address, 8), jump, .mov64(.r0, 0), .exit, .mov64(.r0, 1),
        .exit,
      ]))
  }

  private func run(_ code: ExecutableCode, _ a: UInt64, _ b: UInt64) -> Bool {
    var words = [a, b]
    return code.run(over: &words) == 1
  }

  private func holds(_ condition: Condition, _ left: UInt64, _ right: UInt64, wide: Bool) -> Bool {
    let a = wide ? left : left & 0xffff_ffff
    let b = wide ? right : right & 0xffff_ffff
    let c = wide ? Int64(bitPattern: left) : Int64(Int32(truncatingIfNeeded: left))
    let d = wide ? Int64(bitPattern: right) : Int64(Int32(truncatingIfNeeded: right))
    return switch condition {
    case .eq: a == b
    case .ne: a != b
    case .gt: a > b
    case .ge: a >= b
    case .lt: a < b
    case .le: a <= b
    case .set: a & b != 0
    case .sgt: c > d
    case .sge: c >= d
    case .slt: c < d
    case .sle: c <= d
    }
  }

  @Test("jumps forward and back over any number of bytes around 127", arguments: testedJITs)
  func distances(jit: JIT) throws {
    // Fillers of 2 to 10 bytes each, so that every distance occurs.
    let fillers: [[Instruction]] = [
      [.mov32(.r2, .r3)], [.mov64(.r2, .r3)], [.mov64(.r2, 1)], Instruction.wide(.r2, 0x1234_5678_9abc), [.load(.b, .r2, .r10, -200)],
    ]
    for length in 8..<75 {
      for filler in fillers {
        let middle = Array(repeating: filler, count: length).flatMap { $0 }
        let distance = Int16(middle.count)
        // What is jumped over would change the result.
        for jump in [Instruction.jump(.eq, .r1, 7, distance + 1), .goto(distance + 1), .gotoLong(Int32(distance) + 1)] {
          let code = ExecutableCode(try jit.compile([.mov64(.r0, 3), jump, .mov64(.r0, 4)] + middle + [.exit]))
          #expect(code.run(7) == 3)
          #expect(code.run(8) == (jump.opcode == Opcode.jmp | Opcode.jeq ? 4 : 3))
        }
        // Once around a loop.
        let back = [.mov64(.r0, 0)] + middle + [.add64(.r0, 1), .jump(.lt, .r0, .r1, -2 - distance), Instruction.exit]
        #expect(ExecutableCode(try jit.compile(back)).run(5) == 5)
      }
    }
  }

  @Test("programs from one slot to the largest that the kernel takes", arguments: [1, 2, 3, 100, 4096, 65535, 65536, 70000, 1_000_000])
  func sizes(count: Int) throws {
    let jit = testedJITs.last!
    guard count > 2 else {
      _ = ExecutableCode(try jit.compile([[.exit], [.mov64(.r0, 1), .exit]][count - 1]))
      return
    }
    // r0 counts the additions; a jump leads over all of them where r1 is 1.
    let additions = count - 3
    var program: [Instruction] = [.mov64(.r0, 0), .jump(.ne, .r1, 1, 1)]
    if additions > 1 {
      program += [.gotoLong(Int32(additions - 1))] + Array(repeating: .add64(.r0, 1), count: additions - 1) + [.exit]
      let code = ExecutableCode(try jit.compile(program))
      #expect(code.run(0) == UInt64(additions - 1))
      #expect(code.run(1) == 0)
      #expect(code.code.slotOffsets.count == count)
      #expect(code.code.slotOffsets == code.code.slotOffsets.sorted())
    }
  }

  // Each has `r3 = r1; r3 += 8; r2 = *(r3)`, which is one load where nobody reads r3 again; here a jump back leads to who does.
  @Test("a value that only code behind a jump back reads is kept", arguments: testedJITs)
  func liveAcrossBackwardJumps(jit: JIT) throws {
    let address: [Instruction] = [.mov64(.r3, .r1), .add64(.r3, 8), .load(.dw, .r2, .r3, 0)]
    let start: [Instruction] = [.mov64(.r0, 0), .mov64(.r3, 0), .mov64(.r4, 3)]
    let loop = start + [.add64(.r0, .r3)] + address + [.add64(.r4, -1), .jump(.ne, .r4, 0, -6), .exit]
    let nested =
      start + [.add64(.r0, .r3), .mov64(.r5, 2)] + address + [.add64(.r5, -1), .jump(.ne, .r5, 0, -5), .add64(.r4, -1)] + [
        .jump(.ne, .r4, 0, -9), .exit,
      ]
    // The jump back is reached only by jumping over the reader, which ends the program.
    let crossed =
      [.mov64(.r0, 0)] + address + [
        .goto(2), .add64(.r0, .r3), .exit, .jump(.ne, .r1, 0, -3), .exit,
      ]
    for (program, turns) in [(loop, 2), (nested, 2), (crossed, 1)] as [([Instruction], UInt64)] {
      let code = ExecutableCode(try jit.compile(program))
      let words: [UInt64] = [1, 2]
      words.withUnsafeBufferPointer { words in
        let base = UInt64(UInt(bitPattern: words.baseAddress))
        #expect(code.run(base) == turns &* (base + 8))
      }
    }
  }

  @Test("may_goto leaves its loop when the budget is spent, each function with its own", arguments: testedJITs)
  func mayGoto(jit given: JIT) throws {
    var jit = given
    jit.loopBudget = 1000
    let loop: [Instruction] = [.mov64(.r0, 0), .add64(.r0, 1), .mayGoto(1), .goto(-3)]
    #expect(ExecutableCode(try jit.compile(loop + [.exit])).run() == 1001)
    // Two loops of one function share its budget; a called function has its own, at every call.
    let twice = [.mov64(.r6, 0), .add64(.r6, 1), .mayGoto(1), .goto(-3)] + loop + [.mov64(.r1, .r6), .add64(.r0, .r1), Instruction.exit]
    #expect(ExecutableCode(try jit.compile(twice)).run() == 1002)
    let calls: [Instruction] = [.callLocal(3), .mov64(.r6, .r0), .callLocal(1), .goto(5)] + loop + [.exit, .add64(.r0, .r6), .exit]
    #expect(throws: JITError.self) { try jit.compile(calls) }
    let called: [Instruction] = [.callLocal(4), .mov64(.r6, .r0), .callLocal(2), .add64(.r0, .r6), .exit] + loop + [.exit]
    #expect(ExecutableCode(try jit.compile(called)).run() == 2002)
  }

  @Test("what cannot be compiled is refused with its slot")
  func refusals() {
    let jit = testedJITs[0]
    let wide = Instruction.wide(.r0, 1)
    let cases: [(program: [Instruction], code: JITError.Code, slot: Int?)] = [
      ([], .emptyProgram, nil),
      ([.mov64(.r0, 0)], .fallsOffTheEnd, 0),
      ([.mov64(.r0, 0), .jump(.eq, .r0, 0, -2)], .fallsOffTheEnd, 1),
      ([.goto(1), .exit], .jumpOutOfRange, 0),
      ([.goto(-2), .exit], .jumpOutOfRange, 0),
      ([.gotoLong(.max), .exit], .jumpOutOfRange, 0),
      ([.gotoLong(.min), .exit], .jumpOutOfRange, 0),
      ([.callLocal(5), .exit], .jumpOutOfRange, 0),
      ([.callLocal(-1), .exit], .jumpOutOfRange, 0),
      ([.jump(.eq, .r0, 0, 1)] + wide + [.exit], .jumpOutOfRange, 1),
      ([wide[0], .exit], .truncatedWideInstruction, 0),
      ([.exit, wide[0]], .truncatedWideInstruction, 1),
      ([.mov64(.r0, 0), .exit] + wide, .fallsOffTheEnd, 3),
      ([.callLocal(1), .exit, .callLocal(-1), .exit], .callStackTooDeep, 2),
      // A jump from one function into another.
      ([.callLocal(2), .goto(1), .exit, .mov64(.r0, 0), .exit], .jumpOutOfRange, 1),
      ([.atomic(.add, .b, .r1, 0, .r2), .exit], .badOperand, 0),
      ([.atomic(.fetchAdd, .dw, .r1, 0, .r10), .exit], .framePointerWritten, 0),
      ([Instruction(opcode: Opcode.stx | Opcode.atomic | Opcode.dw, immediate: 0x77), .exit], .badOperand, 0),
      ([Instruction(opcode: Opcode.ldx | Opcode.memsx | Opcode.dw), .exit], .unknownInstruction, 0),
      ([Instruction(opcode: Opcode.jmp32 | Opcode.exit), .exit], .unknownInstruction, 0),
      ([Instruction(opcode: Opcode.callHelper, source: 3), .exit], .badOperand, 0),
    ]
    for (program, code, slot) in cases {
      let error = #expect(throws: JITError.self) { try jit.compile(program) }
      #expect(error?.code == code, "\(Disassembler().source(program))")
      #expect(error?.slot == slot, "\(Disassembler().source(program))")
    }
  }
}
