package import EBPFISA
internal import Foundation

/// One eBPF program of the kernel's `lib/test_bpf.c` with the value that it must return.
package struct KernelVector: Sendable {
  package var id: Int
  package var description: String
  package var instructions: [Instruction]
  /// Bytes of memory behind r1; 0 where the program does not look at r1.
  package var memorySize: Int
  /// The low 32 bits of r0.
  package var result: UInt32
}

extension KernelTestReader {
  private struct VectorRow: Decodable {
    struct Run: Decodable {
      var data_size: Int
      var result: UInt32
    }
    var id: Int
    var kind: String
    var descr: String
    var insns: String?
    var insns_file: String?
    var large_mem: Bool
    var tests: [Run]
  }

  /// The eBPF vectors of `test_bpf/test_bpf.jsonl`. None of them calls a helper or reads a packet; those with `large_mem` work on a buffer.
  package func vectors() throws -> [KernelVector] {
    try lines("test_bpf/test_bpf.jsonl") { (row: VectorRow) in
      guard row.kind == "ebpf" else { return nil }
      let instructions: [Instruction]
      if let hex = row.insns {
        guard let decoded = Self.bytes(hex: hex).flatMap({ Instruction.decode($0) }) else {
          throw Failure(description: "test_bpf #\(row.id): the instructions are no hex string of whole slots")
        }
        instructions = decoded
      } else {
        instructions = try Self.instructions(file: "\(folder)/test_bpf/\(row.insns_file ?? "")")
      }
      guard row.tests.count == 1 else { throw Failure(description: "test_bpf #\(row.id): \(row.tests.count) runs instead of one") }
      return KernelVector(
        id: row.id, description: row.descr, instructions: instructions, memorySize: row.large_mem ? row.tests[0].data_size : 0,
        result: row.tests[0].result)
    }
  }
}
