import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Foundation
import Testing

/// The classic half of the kernel's `lib/test_bpf.c`, from the folder that `EBPF_KERNEL_TESTS` names (`test_bpf/test_bpf.jsonl` in it).
@Suite(
  .enabled(if: ProcessInfo.processInfo.environment["EBPF_KERNEL_TESTS"] != nil, "EBPF_KERNEL_TESTS names no folder of kernel tests"))
struct TestBPFClassicTests {
  struct Case: Decodable {
    struct Run: Decodable {
      var data_size: Int
      var result: UInt32
    }
    struct Kernel: Decodable { var attach_errno: Int? }
    var id: Int
    var kind: String
    var descr: String
    var insn_count: Int
    var insns: String?
    var insns_file: String?
    var no_data: Bool
    var skb_frag: Bool
    var large_mem: Bool
    var expected_fail: Bool
    var data: String?
    var frag_data: String?
    var tests: [Run]
    var kernel: Kernel
  }

  /// A valid program that the kernel refuses only because a jump of its translation does not fit 16 bits; ours has jumps of 32 bits, and
  /// returns what the test says that it would.
  static let tooLongForTheKernel = ["BPF_MAXINSNS: jump over MSH"]

  static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)! }
  }

  /// What the kernel's fake socket buffer says (`populate_skb`).
  static let fields: [Int: UInt32] = [
    4: 3, 8: 0x1234_aaaa, 12: 123, 16: 0x0008, 20: 1, 24: 0xffff, 28: 0x0008, 40: 577, 68: 0x1234_aaab,
  ]

  static func program(of test: Case, in folder: URL) throws -> ClassicProgram {
    var code: [UInt8] = []
    if let hex = test.insns { code = bytes(hex) }
    if let file = test.insns_file { code = try [UInt8](Data(contentsOf: folder.appendingPathComponent(file))) }
    return ClassicProgram(try #require(ClassicInstruction.decode(code)))
  }

  /// The translation; `nil` where eBPF has no words for what the program asks.
  static func translation(of program: ClassicProgram) throws -> [Instruction]? {
    do {
      return try program.translated(.init(hardwareType: 588, payloadOffsetHelper: Int32(HelperID.skbGetPayOffset.rawValue)))
    } catch {
      guard error.code == .unsupported else { throw error }
      return nil
    }
  }

  @Test(arguments: LoadOptions.Engine.allCases)
  func everyClassicTest(engine: LoadOptions.Engine) throws {
    let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["EBPF_KERNEL_TESTS"]! + "/test_bpf")
    let lines = try String(contentsOf: folder.appendingPathComponent("test_bpf.jsonl"), encoding: .utf8).split(separator: "\n")
    var (cases, runs, refused) = (0, 0, 0)
    var untranslated: Set<String> = []
    for line in lines where line.contains("\"cbpf\"") {
      let test = try JSONDecoder().decode(Case.self, from: Data(line.utf8))
      cases += 1
      let program = try Self.program(of: test, in: folder)
      #expect(program.instructions.count == test.insn_count)
      if test.expected_fail, !Self.tooLongForTheKernel.contains(test.descr) {
        #expect(throws: ClassicError.self, "\(test.descr)") { try program.check() }
        refused += 1
        continue
      }
      try program.check()
      guard let translated = try Self.translation(of: program) else {
        untranslated.insert(test.descr)
        continue
      }
      let loaded = try load(translated, type: .socketFilterType, engine: engine)
      defer { loaded.close() }
      for run in test.tests {
        var data = test.no_data ? [] : Array(Self.bytes(test.data ?? "").prefix(run.data_size))
        if test.skb_frag { data += Self.bytes(test.frag_data ?? "") }
        let image = SocketBufferImage(data: data, networkHeader: min(run.data_size, 14), fields: Self.fields)
        let result = UInt32(truncatingIfNeeded: try loaded.programs[0].run(on: image))
        #expect(result == run.result, "\(test.id) \(test.descr), \(run.data_size) bytes")
        runs += 1
      }
    }
    print(
      "test_bpf, classic, \(engine): \(cases) tests, \(refused) refused as by the kernel, \(runs) runs, not translated: \(untranslated.sorted())"
    )
    #expect(cases == 134)
    #expect(untranslated.isEmpty)
  }
}
