import EBPFISA
import EBPFObject
import Foundation
import Testing

/// Objects of other projects: `EBPF_SAMPLES` names a checkout of vbpf/ebpf-samples, `EBPF_KERNEL_TESTS` a folder of the kernel's selftest objects.
@Suite struct CorpusTests {
  static let paths = Fixtures.objects("EBPF_SAMPLES") + Fixtures.objects("EBPF_KERNEL_TESTS")

  @Test(.enabled(if: !paths.isEmpty, "set EBPF_SAMPLES or EBPF_KERNEL_TESTS"))
  func everyObjectIsRead() throws {
    var programs = 0
    for path in Self.paths {
      do {
        let object = try ObjectSpec(bytes: try Fixtures.bytes(path), name: path)
        programs += object.programs.count
        #expect(!object.programs.isEmpty, "\(path)")
      } catch {
        // What is broken on purpose stands in a folder of its own; elsewhere every object is read.
        if !path.contains("/invalid/") { Issue.record("\(error)") }
      }
    }
    print("\(Self.paths.count) objects, \(programs) programs")
  }
}
