import EBPFISA
import EBPFJIT
import Testing

/// Calls: helpers, functions of the program, callbacks, calls by register, tail calls, legacy packet loads.
@Suite(.enabled(if: runsCompiledCode))
struct CallTests {
  /// Machine code that answers the stack pointer with which it was called, or what is 8 bytes times `word` above it.
  static func stackReader(word: UInt8? = nil) -> ExecutableCode {
    let bytes: [UInt8] = word.map { [0x48, 0x8b, 0x44, 0x24, 8 * $0, 0xc3] } ?? [0x48, 0x89, 0xe0, 0xc3]
    return ExecutableCode(
      CompiledCode(architecture: .x86_64, bytes: bytes, relocations: [], entry: 0, tailCallEntry: 0, slotOffsets: []))
  }

  @Test("helpers get r1 to r5 and the environment, and leave r6 to r9 alone", arguments: testedJITs)
  func arguments(jit: JIT) throws {
    let helper: ExecutableCode.Helper = { a, b, c, d, e, environment in
      a &+ b &* 10 &+ c &* 100 &+ d &* 1000 &+ e &* 10000 &+ environment!.load(as: UInt64.self)
    }
    var program: [Instruction] = []
    for register in EBPFISA.Register.allCases where register != .r10 { program.append(.mov64(register, Int32(register.rawValue))) }
    program += [.call(7), .add64(.r0, .r6), .add64(.r0, .r7), .add64(.r0, .r8), .add64(.r0, .r9), .exit]
    let code = ExecutableCode(try jit.compile(program)) { target in
      #expect(target == .helper(7))
      return ExecutableCode.address(of: helper)
    }
    var environment: UInt64 = 1_000_000
    #expect(withUnsafeMutablePointer(to: &environment) { code.run(environment: $0) } == 1_054_351 as UInt64)
  }

  @Test("the stack is aligned at every call out, however deep and whatever the functions use", arguments: testedJITs)
  func alignment(jit: JIT) throws {
    let reader = Self.stackReader()
    let saved: [EBPFISA.Register] = [.r6, .r7, .r8, .r9]
    for set in 0..<16 {
      for frame in [0, 8, 16, 24, 512] as [Int16] {
        for depth in 0..<3 {
          // Each function uses the registers and the stack, then calls the next; the last calls the helper.
          var function: [Instruction] = []
          for (index, register) in saved.enumerated() where set & 1 << index != 0 { function.append(.mov64(register, 1)) }
          if frame > 0 { function.append(.store(.b, .r10, -frame, 1)) }
          var program: [Instruction] = []
          for _ in 0..<depth { program += function + [.callLocal(1), .exit] }
          program += function + [.call(1), .exit]
          let code = ExecutableCode(try jit.compile(program)) { _ in reader.address(0) }
          #expect(code.run() % 16 == 8, "registers \(set), frame \(frame), depth \(depth)")
          try ConventionTests.check(jit, program.map { $0.opcode == Opcode.callHelper && $0.source == 0 ? .mov64(.r0, 0) : $0 })
        }
      }
    }
  }

  @Test("functions nest eight deep, keep the caller's r6 to r9 and have frames of their own", arguments: testedJITs)
  func localCalls(jit: JIT) throws {
    // f(n) = f(n - 1) + n by eight copies, each keeping n in r6 and on its stack.
    var program: [Instruction] = []
    for level in 0..<8 {
      program += [.mov64(.r6, .r1), .store(.dw, .r10, -8, .r1)]
      program += level < 7 ? [.add64(.r1, -1), .callLocal(4)] : [.mov64(.r0, 0), .mov64(.r0, 0)]
      program += [.add64(.r0, .r6), .load(.dw, .r1, .r10, -8), .add64(.r0, .r1), .exit]
    }
    #expect(ExecutableCode(try jit.compile(program)).run(8) == 2 * 36)
    let deeper = Array(program[0..<8]) + program
    let error = #expect(throws: JITError.self) { try jit.compile(deeper) }
    #expect(error?.code == .callStackTooDeep)
  }

  @Test("a helper calls back into the program, which calls helpers from there", arguments: testedJITs)
  func callbacks(jit: JIT) throws {
    // loop(count, function, context): calls function(index, context) until it answers other than 0.
    let loop: ExecutableCode.Helper = { count, function, context, _, _, environment in
      let call = unsafeBitCast(UInt(function), to: ExecutableCode.Helper.self)
      for index in 0..<count where call(index, context, 0, 0, 0, environment) != 0 { return index + 1 }
      return count
    }
    let count: ExecutableCode.Helper = { _, _, _, _, _, environment in
      let counter = environment!.assumingMemoryBound(to: UInt64.self)
      counter.pointee += 1
      return counter.pointee
    }
    // r6 to r9 of the program survive what the callback does with them.
    var program: [Instruction] = [.mov64(.r6, 60), .mov64(.r9, 90), .store(.dw, .r10, -8, 0)]
    program += [.mov64(.r1, 1000)] + Instruction.function(.r2, 9) + [.mov64(.r3, .r10), .add64(.r3, -8), .call(1)]
    program += [.load(.dw, .r1, .r10, -8), .add64(.r0, .r1), .add64(.r0, .r6), .add64(.r0, .r9), .exit]
    // callback(index, context): *context += index; count(); return index == 9
    program += [.mov64(.r6, .r1), .mov64(.r9, .r2), .call(2), .load(.dw, .r1, .r9, 0), .add64(.r1, .r6), .store(.dw, .r9, 0, .r1)]
    program += [.mov64(.r0, 0), .jump(.ne, .r6, 9, 1), .mov64(.r0, 1), .exit]
    let compiled = try jit.compile(program)
    let code = ExecutableCode(compiled) { $0 == .helper(1) ? ExecutableCode.address(of: loop) : ExecutableCode.address(of: count) }
    var counter: UInt64 = 0
    #expect(withUnsafeMutablePointer(to: &counter) { code.run(environment: $0) } == 205 as UInt64)
    #expect(counter == 10)
    #expect(compiled.callbackEntries.count == 1)
  }

  @Test("a call by register hands its callee over on the stack", arguments: testedJITs)
  func callRegister(jit: JIT) throws {
    let reader = Self.stackReader(word: 1)
    let alignment = Self.stackReader()
    for register in EBPFISA.Register.allCases where register != .r10 {
      let program: [Instruction] = [.mov64(register, 4711), .callRegister(register), .exit]
      #expect(ExecutableCode(try jit.compile(program), address: { _ in reader.address(0) }).run() == 4711)
      #expect(ExecutableCode(try jit.compile(program), address: { _ in alignment.address(0) }).run() % 16 == 8)
    }
  }

  @Test("tail calls undo the frame: a hundred thousand in a row stay on one stack", arguments: testedJITs)
  func tailCalls(jit: JIT) throws {
    struct State {
      var left: UInt64
      var target: UInt64
    }
    let tailCall: ExecutableCode.Helper = { _, _, _, _, _, environment in
      let state = environment!.assumingMemoryBound(to: State.self)
      guard state.pointee.left > 0 else { return 0 }
      state.pointee.left -= 1
      return state.pointee.target
    }
    // r1 is the context and stays; where the call falls through, the result is r1 + 5 and r6.
    let program: [Instruction] = [
      .mov64(.r6, .r1), .mov64(.r7, 1), .store(.dw, .r10, -64, .r1), .call(12), .add64(.r0, .r6), .add64(.r0, 5), .exit,
    ]
    let code = ExecutableCode(try jit.compile(program)) { _ in ExecutableCode.address(of: tailCall) }
    var state = State(left: 100_000, target: code.address(code.code.tailCallEntry))
    #expect(withUnsafeMutablePointer(to: &state) { code.run(37, environment: $0) } == 42)
    #expect(state.left == 0)
  }

  @Test("LD_ABS and LD_IND call the host, and end the function where the packet ends", arguments: testedJITs)
  func packetLoads(jit: JIT) throws {
    let load: ExecutableCode.Helper = { context, offset, size, _, _, _ in
      Int64(bitPattern: offset) < 0 || offset > 1000 ? .max : context &+ offset &* 10 &+ size &* 100_000
    }
    // An environment without a packet, and one with a packet of twelve bytes at its fields of that name.
    let packet: [UInt8] = [0x81, 2, 3, 0xf4, 5, 6, 7, 8, 9, 10, 11, 0xfc]
    func run(_ instruction: Instruction, _ index: Int32 = 0, onPacket: Bool = false) throws -> UInt64 {
      var program: [Instruction] = [.mov64(.r6, 7)]
      for register in EBPFISA.Register.allCases where register != .r10 && register != .r6 { program.append(.mov64(register, index)) }
      program += [instruction, .mov64(.r1, .r0), .mov64(.r0, 1), .add64(.r0, .r1), .exit]
      let code = ExecutableCode(try jit.compile(program), address: { _ in ExecutableCode.address(of: load) })
      return packet.withUnsafeBytes { packet in
        var environment = [UInt64](repeating: 0, count: 6)
        if onPacket {
          environment[4] = UInt64(UInt(bitPattern: packet.baseAddress))
          environment[5] = environment[4] + UInt64(packet.count)
        }
        return environment.withUnsafeMutableBytes { code.run(environment: $0.baseAddress) }
      }
    }
    for (size, value) in [(MemorySize.b, 0xfc), (.h, 0x0bfc), (.w, 0x090a_0bfc)] as [(MemorySize, UInt64)] {
      let last = Int32(packet.count - size.bytes)
      #expect(try run(.loadAbsolute(size, last), onPacket: true) == value + 1)
      #expect(try run(.loadIndirect(size, .r7, last - 20), 20, onPacket: true) == value + 1)
      // Behind the packet's end it is the host's to say.
      #expect(try run(.loadAbsolute(size, last + 1), onPacket: true) == UInt64(last + 1) * 10 + UInt64(size.bytes) * 100_000 + 8)
      #expect(try run(.loadIndirect(size, .r7, last - 19), 20, onPacket: true) == UInt64(last + 1) * 10 + UInt64(size.bytes) * 100_000 + 8)
      #expect(try run(.loadIndirect(size, .r7, -21), 20, onPacket: true) == 0)
      #expect(try run(.loadAbsolute(size, .min), onPacket: true) == 0)
      #expect(try run(.loadAbsolute(size, .max), onPacket: true) == 0)
    }
    #expect(try run(.loadAbsolute(.w, 0), onPacket: true) == 0x8102_03f5)
    #expect(try run(.loadAbsolute(.b, 5)) == 100_058)
    #expect(try run(.loadAbsolute(.h, 0)) == 200_008)
    #expect(try run(.loadAbsolute(.w, 1000)) == 410_008)
    #expect(try run(.loadAbsolute(.w, 1001)) == 0)
    for register in EBPFISA.Register.allCases where register != .r10 {
      let wanted: UInt64 = register == .r6 ? 200_108 : 200_238
      #expect(try run(.loadIndirect(.h, register, 3), 20) == wanted)
      #expect(try run(.loadIndirect(.b, register, -100), 20) == 0)
    }
  }

  @Test("each kind of wide constant has its relocation, and gets what the host says", arguments: testedJITs)
  func relocations(jit: JIT) throws {
    let cases: [([Instruction], CompiledCode.Target)] = [
      (Instruction.map(.r0, index: 3), .map(3)), (Instruction.mapValue(.r0, index: 2, offset: 40), .mapValue(2, offset: 40)),
      (Instruction.map(.r0, fd: 9), .mapDescriptor(9)), (Instruction.mapValue(.r0, fd: 8, offset: 16), .mapDescriptorValue(8, offset: 16)),
      (Instruction.wide(.r0, 77, source: WideSource.btfID), .variable(77)),
    ]
    for (load, target) in cases {
      for register in EBPFISA.Register.allCases where register != .r10 {
        var slots = load
        slots[0].destination = register.rawValue
        let compiled = try jit.compile(slots + [.mov64(.r0, register), .exit])
        #expect(compiled.relocations.map(\.target) == [target])
        #expect(ExecutableCode(compiled, address: { _ in 0xfeed_beef_1234_5678 }).run() == 0xfeed_beef_1234_5678)
      }
    }
    #expect(try jit.compile([.callKfunc(1234), .exit]).relocations.map(\.target) == [.kfunc(1234)])
  }
}
