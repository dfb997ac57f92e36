import EBPFHost
import EBPFKernel
import EBPFObject
import EBPFTables
import EBPFTestSupport
import Testing

/// The kernel's own verifier tests, loaded by this package, against the verdicts that `test_verifier` and libbpf got for them on the same kernel.
///
/// Runs where `EBPF_KERNEL_TESTS` names a folder with `verifier_arrays`, `selftests/annotated.v3.jsonl` and `selftests/obj.v3`.
@Suite(
  .needsKernel, .enabled(if: KernelTestReader.configuredFolder != nil, "EBPF_KERNEL_TESTS does not name the folder of the kernel's tests"))
struct KernelSelftests {
  /// What the kernel host does not load yet: an arena gets its address from a mapping, struct_ops programs from a map of theirs.
  private static let notLoadedYet: Set = ["verifier_arena_large/big_alloc1", "verifier_global_subprogs/arg_tag_ctx_struct_ops"]

  private func compare(_ tests: [KernelTest], atLeast: Int) {
    var compared = 0
    var different: [String] = []
    for test in tests {
      guard let recorded = test.verdict, !Self.notLoadedYet.contains(test.id) else { continue }
      compared += 1
      do throws(HostError) {
        let verdict = try KernelHost().verify(test.program, in: test.object)
        if (verdict.answer == .accept) != recorded.isAccepted {
          different.append("\(test.id): \(verdict.answer) (\(verdict.message)), recorded \(recorded.isAccepted ? "accept" : "reject")")
        }
      } catch { different.append("\(test.id): \(error.message)") }
    }
    #expect(different.isEmpty, "\(different.count) of \(compared) differ:\n\(different.joined(separator: "\n"))")
    #expect(compared > atLeast)
  }

  @Test func annotatedProgramsHaveTheVerdictsThatLibbpfGets() throws {
    compare(try KernelTestReader(folder: try #require(KernelTestReader.configuredFolder)).annotated(), atLeast: 1000)
  }

  @Test func arraysHaveTheVerdictsThatTestVerifierGets() throws {
    compare(try KernelTestReader(folder: try #require(KernelTestReader.configuredFolder)).arrays(), atLeast: 490)
  }
}
