import EBPFISA
import EBPFJIT
import Testing

/// Loads and stores of every size, on every pair of registers, at offsets of every encoding; atomics with all their operands.
@Suite(.enabled(if: runsCompiledCode))
struct MemoryTests {
  static let offsets: [Int16] = [0, 1, -1, 127, -128, 128, -129, .max, .min]
  static let sizes: [MemorySize] = [.b, .h, .w, .dw]
  static let registers = EBPFISA.Register.allCases.filter { $0 != .r10 }

  /// 128 KiB of which every byte is different from its neighbours.
  static func memory() -> [UInt8] { (0..<131072).map { UInt8(truncatingIfNeeded: $0 &* 167 ^ $0 >> 8) } }

  static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  @Test(arguments: testedJITs)
  func loads(jit: JIT) throws {
    var memory = Self.memory()
    let middle = memory.count / 2
    for size in Self.sizes {
      for signed in [false, true] where !signed || size != .dw {
        for base in Self.registers {
          for destination in Self.registers {
            // Each pair of registers with the short offset, some with all of them.
            for offset in base == .r1 || base == .r8 || destination == .r0 ? Self.offsets : [5] {
              let body: [Instruction] = [
                .mov64(base, .r1), signed ? .loadSigned(size, destination, base, offset) : .load(size, destination, base, offset),
                .mov64(.r0, destination), .exit,
              ]
              let code = ExecutableCode(try jit.compile(body))
              let result = memory.withUnsafeMutableBytes { code.run(UInt64(UInt(bitPattern: $0.baseAddress! + middle))) }
              let place = middle + Int(offset)
              var wanted = Self.number(memory[place..<place + size.bytes])
              if signed {
                let unused = UInt64(64 - 8 * size.bytes)
                wanted = UInt64(bitPattern: Int64(bitPattern: wanted << unused) >> Int64(unused))
              }
              #expect(result == wanted, "\(size) signed \(signed) \(destination) = [\(base) + \(offset)]")
            }
          }
        }
      }
    }
  }

  @Test(arguments: testedJITs)
  func stores(jit: JIT) throws {
    var memory = Self.memory()
    let middle = memory.count / 2
    for size in Self.sizes {
      for base in Self.registers {
        for source in [nil] + EBPFISA.Register.allCases.map(Optional.some) {
          for offset in base == .r1 || base == .r8 || source == nil ? Self.offsets : [5] {
            let value: Int32 = -0x1234_5678
            var body: [Instruction] = [.mov64(base, .r1)]
            if let source, source != base, source != .r10 { body.append(.mov64(source, value)) }
            body.append(source.map { .store(size, base, offset, $0) } ?? .store(size, base, offset, value))
            body += [.mov64(.r0, source ?? .r10), .exit]
            if source == nil { body[body.count - 2] = .mov64(.r0, value) }
            let code = ExecutableCode(try jit.compile(body))
            let place = middle + Int(offset)
            let before = memory
            let stored = memory.withUnsafeMutableBytes { code.run(UInt64(UInt(bitPattern: $0.baseAddress! + middle))) }
            let window = place - 16..<place + 24
            var wanted = Array(before[window])
            for index in 0..<size.bytes { wanted[16 + index] = UInt8(truncatingIfNeeded: stored >> UInt64(8 * index)) }
            #expect(Array(memory[window]) == wanted, "\(size) [\(base) + \(offset)] = \(source.map { "\($0)" } ?? "constant")")
          }
        }
      }
    }
  }

  @Test("atomics on every base and source, with what they leave in the source and in r0", arguments: testedJITs)
  func atomics(jit: JIT) throws {
    let olds: [UInt64] = [0, 1, 0xffff_ffff, 0x1_0000_0000, 0x8000_0000_8000_0000, .max, 0x0123_4567_89ab_cdef]
    for operation in Atomic.allCases where operation != .loadAcquire && operation != .storeRelease {
      for size in [MemorySize.w, .dw] {
        for base in EBPFISA.Register.allCases {
          for source in Self.registers where source != base {
            // The base is loaded like all registers; r10 is the program's own frame.
            let offset: Int16 = base == .r10 ? -240 : 40
            var body: [Instruction] = [.atomic(operation, size, base, offset, source)]
            if base == .r10 {
              // The cell is filled from r0's place in memory before, and read into r9's place in the file after.
              body = [.store(.dw, .r10, -248, .r9), .load(.dw, .r9, .r10, -8), .load(.dw, .r9, .r9, 88), .store(.dw, .r10, -240, .r9)]
              body += [.load(.dw, .r9, .r10, -248), .atomic(operation, size, base, offset, source)]
              body += [.store(.dw, .r10, -248, .r0), .store(.dw, .r10, -256, .r9), .load(.dw, .r9, .r10, -8), .load(.dw, .r0, .r10, -240)]
              body += [.store(.dw, .r9, 88, .r0), .load(.dw, .r0, .r10, -248), .load(.dw, .r9, .r10, -256)]
            }
            let code = ExecutableCode(try jit.compile(RegisterFile.program(body)))
            for old in olds {
              for equal in operation == .compareExchange ? [true, false] : [true] {
                try check(code, operation, size, base, source, old: old, equal: equal)
              }
            }
          }
        }
      }
    }
  }

  private func check(
    _ code: ExecutableCode, _ operation: Atomic, _ size: MemorySize, _ base: EBPFISA.Register, _ source: EBPFISA.Register, old: UInt64,
    equal: Bool
  ) throws {
    // Words 0 to 10 are the registers, word 11 the cell of programs whose base is r10, words 12 on another cell with neighbours.
    var words = RegisterFile.filled() + [0, old, 0xaaaa, 0xbbbb, 0xcccc, 0xdddd, 0xeeee, old, 0xffff]
    let mask: UInt64 = size == .w ? 0xffff_ffff : .max
    let operand: UInt64 = 0x8000_0001_8000_0003
    var wanted = words
    let cell = base == .r10 ? 11 : 17
    words.withUnsafeMutableBytes { bytes in
      let words = bytes.bindMemory(to: UInt64.self)
      if base != .r10 { words[Int(base.rawValue)] = UInt64(UInt(bitPattern: words.baseAddress! + 12)) }
      words[Int(source.rawValue)] = operand
      if operation == .compareExchange, base != .r0, source != .r0 { words[0] = equal ? old : old ^ 1 }
      wanted = Array(words)
      _ = code.run(UInt64(UInt(bitPattern: words.baseAddress)), UInt64(bytes.count))
    }
    let a = old & mask
    let b = wanted[Int(source.rawValue)] & mask
    var stored: UInt64
    var fetched = true
    switch operation {
    case .add, .fetchAdd: stored = a &+ b
    case .or, .fetchOr: stored = a | b
    case .and, .fetchAnd: stored = a & b
    case .xor, .fetchXor: stored = a ^ b
    case .compareExchange: stored = a == wanted[0] & mask ? b : a
    default: stored = b
    }
    switch operation {
    case .add, .or, .and, .xor: fetched = false
    default: break
    }
    stored &= mask
    wanted[cell] = old & ~mask | stored
    if operation == .compareExchange { wanted[0] = a } else if fetched { wanted[Int(source.rawValue)] = a }
    wanted[10] = words[10]
    #expect(words == wanted, "\(operation) \(size) at \(base) with \(source) on \(old)")
  }

  @Test(arguments: testedJITs)
  func acquireAndRelease(jit: JIT) throws {
    for size in Self.sizes {
      for base in Self.registers {
        for other in Self.registers {
          var memory = Self.memory()
          let load = ExecutableCode(
            try jit.compile([.mov64(base, .r1), .loadAcquire(size, other, base, 24), .mov64(.r0, other), .exit]))
          let loaded = memory.withUnsafeMutableBytes { load.run(UInt64(UInt(bitPattern: $0.baseAddress!))) }
          #expect(loaded == Self.number(memory[24..<24 + size.bytes]))
          guard base != other else { continue }
          let store = ExecutableCode(
            try jit.compile([.mov64(base, .r1), .mov64(other, -2), .atomic(.storeRelease, size, base, 24, other), .exit]))
          let before = memory
          _ = memory.withUnsafeMutableBytes { store.run(UInt64(UInt(bitPattern: $0.baseAddress!))) }
          var wanted = before
          wanted.replaceSubrange(24..<24 + size.bytes, with: [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff].prefix(size.bytes))
          #expect(memory == wanted)
        }
      }
    }
  }
}
