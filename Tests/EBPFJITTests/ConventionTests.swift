import EBPFISA
import EBPFJIT
import Testing

/// What compiled code owes to its caller and to those that it calls.
@Suite(.enabled(if: runsCompiledCode))
struct ConventionTests {
  /// Calls an entry with known values in the registers that a callee must keep, and stores them afterwards where rdx points.
  static func caller(of entry: UInt64) -> [UInt8] {
    let values: [(opcode: [UInt8], value: UInt8)] = [
      ([0xbb], 0x11), ([0xbd], 0x22), ([0x41, 0xbc], 0x33), ([0x41, 0xbd], 0x44), ([0x41, 0xbe], 0x55), ([0x41, 0xbf], 0x66),
    ]
    var code: [UInt8] = [0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57, 0x52]
    code += [0x48, 0xb8] + (0..<8).map { UInt8(truncatingIfNeeded: entry >> UInt64(8 * $0)) }
    for (opcode, value) in values { code += opcode + [value, 0, 0, 0] }
    code += [0xff, 0xd0, 0x5a]
    // mov [rdx + 8 * n], rbx, rbp, r12, r13, r14, r15
    code += [0x48, 0x89, 0x1a, 0x48, 0x89, 0x6a, 0x08, 0x4c, 0x89, 0x62, 0x10, 0x4c, 0x89, 0x6a, 0x18]
    code += [0x4c, 0x89, 0x72, 0x20, 0x4c, 0x89, 0x7a, 0x28]
    return code + [0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3]
  }

  /// Runs a program and fails where it did not leave the callee's registers alone.
  static func check(_ jit: JIT, _ program: [Instruction], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let code = ExecutableCode(try jit.compile(program))
    let caller = ExecutableCode(
      CompiledCode(
        architecture: .x86_64, bytes: Self.caller(of: code.address(code.code.entry)), relocations: [], entry: 0, tailCallEntry: 0,
        slotOffsets: []))
    var saved = [UInt64](repeating: 0, count: 8)
    saved.withUnsafeMutableBytes { _ = caller.run(0, 0, environment: $0.baseAddress) }
    #expect(saved == [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0, 0], sourceLocation: sourceLocation)
  }

  @Test("a loop that uses none of r6 to r9 leaves the caller's registers alone", arguments: testedJITs)
  func loopWithoutSavedRegisters(jit: JIT) throws {
    // The counter is bounded by its own value; no register but r0 and r1 is used.
    try Self.check(jit, [.mov64(.r0, 0), .add64(.r0, 1), .jump(.lt, .r0, 10, -2), .exit])
    try Self.check(jit, [.mov64(.r0, 0), .add64(.r0, 1), .jump(.lt, .r0, 10, -2), .add64(.r0, 3), .jump(.lt, .r0, 20, -2), .exit])
  }

  @Test("every set of used registers, with and without a frame", arguments: testedJITs)
  func usedRegisters(jit: JIT) throws {
    let saved: [EBPFISA.Register] = [.r6, .r7, .r8, .r9]
    for set in 0..<16 {
      for hasFrame in [false, true] {
        for hasLoop in [false, true] {
          var program: [Instruction] = [.mov64(.r0, 0)]
          for (index, register) in saved.enumerated() where set & 1 << index != 0 { program.append(.mov64(register, 7)) }
          if hasFrame { program.append(.store(.dw, .r10, -24, .r0)) }
          program.append(.add64(.r0, 1))
          if hasLoop { program.append(.jump(.lt, .r0, 5, -2)) }
          // Read without having been written on the way: they are zero, and still the caller's afterwards.
          for (index, register) in saved.enumerated() where set & 1 << index == 0 && hasFrame { program.append(.add64(.r0, register)) }
          try Self.check(jit, program + [.exit])
        }
      }
    }
  }
}
