import EBPFHost
import EBPFKernel
import EBPFObject
import EBPFTables
import Foundation
import Testing

private let kernelTestsFolder = ProcessInfo.processInfo.environment["EBPF_KERNEL_TESTS"]

/// The kernel's own annotated tests, loaded by this package, against the verdicts that libbpf got for them on the same kernel.
///
/// Runs where `EBPF_KERNEL_TESTS` names a folder with `selftests/annotated.v3.jsonl` and `selftests/obj.v3`.
@Suite(.needsKernel, .enabled(if: kernelTestsFolder != nil, "EBPF_KERNEL_TESTS does not name the folder of the kernel's tests"))
struct KernelSelftests {
  private struct Row: Decodable {
    struct Kernel: Decodable {
      var verdict: String
      var prog_flags: UInt32?
      var log: String?
      var reached_verifier: Bool?
    }
    var file: String
    var section: String
    var name: String
    var prog_type: String
    var kernel: Kernel?
  }

  private static let types: [String: UInt32] = [
    "socket_filter": 1, "kprobe": 2, "sched_cls": 3, "tracepoint": 5, "xdp": 6, "perf_event": 7, "cgroup_skb": 8, "sock_ops": 13,
    "sk_skb": 14, "sk_msg": 16, "raw_tracepoint": 17, "lwt_in": 10, "lwt_out": 11, "lwt_xmit": 12, "sk_reuseport": 21, "syscall": 31,
    "netfilter": 32, "cgroup_sock": 9, "flow_dissector": 22,
  ]

  @Test func verdictsAreThoseThatLibbpfGets() throws {
    let folder = try #require(kernelTestsFolder)
    let text = try String(contentsOfFile: folder + "/selftests/annotated.v3.jsonl", encoding: .utf8)
    let decoder = JSONDecoder()
    var objects: [String: ObjectSpec] = [:]
    var compared = 0
    var different: [String] = []
    for line in text.split(separator: "\n") {
      let row = try decoder.decode(Row.self, from: Data(line.utf8))
      guard let kernel = row.kernel, kernel.verdict == "accept" || kernel.verdict == "reject" && kernel.reached_verifier != false,
        let type = Self.types[row.prog_type]
      else { continue }
      if objects[row.file] == nil {
        let path = "\(folder)/selftests/obj.v3/\(row.file).bpf.o"
        objects[row.file] = try ObjectSpec(bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), name: row.file)
      }
      guard let object = objects[row.file], var program = object.program(named: row.name) else {
        different.append("\(row.file) \(row.name): not in the object")
        continue
      }
      if program.type == nil { program.type = ProgramType(rawValue: type) }
      program.loadFlags |= kernel.prog_flags ?? 0
      compared += 1
      do throws(HostError) {
        let verdict = try KernelHost().verify(program, in: object)
        if verdict.answer.rawValue != kernel.verdict {
          different.append("\(row.file) \(row.name) \(row.section): \(verdict.answer) (\(verdict.message)), libbpf got \(kernel.verdict)")
        }
      } catch { different.append("\(row.file) \(row.name) \(row.section): \(error.message)") }
    }
    #expect(different.isEmpty, "\(different.count) of \(compared) differ:\n\(different.joined(separator: "\n"))")
    #expect(compared > 1000)
  }
}
