import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Testing

/// The eBPF programs of the kernel's `lib/test_bpf.c`, unproved as there, in every engine.
///
/// Two kinds of them differ from what the kernel runs, on purpose, see ``KernelVector/loadable(_:)``.
///
/// Runs where `EBPF_KERNEL_TESTS` names a folder with `test_bpf/test_bpf.jsonl`.
@Suite(.enabled(if: KernelTestReader.configuredFolder != nil, "EBPF_KERNEL_TESTS does not name the folder of the kernel's tests"))
struct KernelVectorTests {
  @Test(arguments: engines)
  func everyVectorReturnsItsResult(_ engine: LoadOptions.Engine) throws {
    let vectors = try KernelTestReader(folder: try #require(KernelTestReader.configuredFolder)).vectors()
    #expect(vectors.count == 915)
    var wrong: [String] = []
    for vector in vectors {
      do {
        let loaded = try load(vector.loadable(engine), engine: engine)
        defer { loaded.close() }
        #expect(loaded.programs[0].engine == engine)
        let result = try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 0, count: vector.memorySize)))
        if UInt32(truncatingIfNeeded: result.returnValue) != vector.result {
          wrong.append("#\(vector.id) \(vector.description): \(UInt32(truncatingIfNeeded: result.returnValue)) instead of \(vector.result)")
        }
      } catch { wrong.append("#\(vector.id) \(vector.description): \(error)") }
    }
    #expect(wrong.isEmpty, "\(wrong.count) of \(vectors.count) differ:\n\(wrong.joined(separator: "\n"))")
  }
}

extension KernelVector {
  /// The program with what no loader takes replaced by what means the same.
  ///
  /// - `BPF_ZEXT_REG` (a 32-bit move with immediate 1) is a mark that the kernel's verifier leaves for the kernel's JIT; in a program that is
  ///   loaded the immediate must be zero (RFC 9669 section 4.1), and the move clears the upper half all the same.
  /// - Six programs end in an instruction from which nothing could go on if it were reached. Our JIT refuses such a program, as the kernel's
  ///   verifier does ("last insn is not an exit or jmp"); the kernel's test goes round its verifier. An `exit` behind them is never reached.
  fileprivate func loadable(_ engine: LoadOptions.Engine) -> [Instruction] {
    var result = instructions
    let zeroExtension = Opcode.alu32 | Opcode.mov | Opcode.x
    for slot in result.indices where result[slot].opcode == zeroExtension && result[slot].offset == 0 && result[slot].immediate == 1 {
      result[slot].immediate = 0
    }
    let last = result.last?.opcode
    if engine == .jit, last != Opcode.exitProgram, last != Opcode.gotoNear, last != Opcode.gotoLong { result.append(.exit) }
    return result
  }
}
