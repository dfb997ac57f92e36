internal import EBPFBTF
package import EBPFISA
internal import EBPFObject
internal import EBPFTables
internal import Foundation

/// Reads the kernel's verifier tests from a folder of data made from the kernel's sources and from a run of them on a kernel:
/// `verifier_arrays/verifier_arrays.jsonl`, `selftests/annotated.v3.jsonl` and `selftests/obj.v3/*.bpf.o`.
package struct KernelTestReader {
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  let folder: String

  package init(folder: String) { self.folder = folder }

  /// The folder that `EBPF_KERNEL_TESTS` names, `nil` where it names none.
  package static var configuredFolder: String? {
    ProcessInfo.processInfo.environment["EBPF_KERNEL_TESTS"].flatMap { $0.isEmpty ? nil : $0 }
  }

  private struct Answer: Decodable {
    var verdict: String
    var prog_flags: UInt32?
    var log: String?
    var insns_processed: Int?
    var verification_us: Int?
    var unresolved_kfuncs: Int?
    var reached_verifier: Bool?
    var features: Features?
    var errno: Int?

    struct Features: Decodable {
      var kfuncs: [String]?
    }

    var verdictForTest: KernelTest.Verdict? {
      // EPERM without a log: refused by a policy of the kernel, not by its verifier.
      guard reached_verifier != false, unresolved_kfuncs ?? 0 == 0, !(errno == 1 && (log ?? "").isEmpty) else { return nil }
      guard verdict == "accept" || verdict == "reject" else { return nil }
      return KernelTest.Verdict(
        isAccepted: verdict == "accept", flags: prog_flags ?? 0, log: log ?? "", instructionsProcessed: insns_processed ?? 0,
        microseconds: verification_us ?? 0)
    }
  }

  // MARK: Arrays

  private struct ArrayRow: Decodable {
    struct Fixup: Decodable {
      var insn: Int
      var kind: String
      var name: String?
    }
    var file: String
    var index: Int
    var descr: String
    var prog_type: UInt32
    var expected_attach_type: UInt32
    var attach_func: String?
    var insns: String?
    var insns_file: String?
    var fixups: [Fixup]
    var kernel: Answer?
    var kernel_unpriv: Answer?
  }

  /// The tests of `tools/testing/selftests/bpf/verifier/*.c`.
  package func arrays() throws -> [KernelTest] {
    try lines("verifier_arrays/verifier_arrays.jsonl") { (row: ArrayRow) in
      var instructions: [Instruction]
      if let hex = row.insns {
        guard let bytes = Self.bytes(hex: hex), let decoded = Instruction.decode(bytes) else {
          throw Failure(description: "\(row.file)#\(row.index): the instructions are no hex string of whole slots")
        }
        instructions = decoded
      } else {
        instructions = try Self.instructions(file: "\(folder)/verifier_arrays/\(row.insns_file ?? "")")
      }
      var object = ObjectSpec(license: "GPL")
      var references: [Reference] = []
      var functions: [String] = []
      for fixup in row.fixups.sorted(by: { $0.insn < $1.insn }) {
        if fixup.kind == "kfunc" {
          let name = fixup.name ?? ""
          references.append(Reference(slot: fixup.insn, extern: object.externs.count))
          object.externs.append(ExternSpec(name: name, kind: .function))
          functions.append(name)
          continue
        }
        guard let map = KernelTest.map(named: fixup.kind) else {
          throw Failure(description: "\(row.file)#\(row.index): no map of kind \(fixup.kind) is known")
        }
        let index = object.mapIndex(named: map.name) ?? object.maps.count
        if index == object.maps.count { object.maps.append(map) }
        if fixup.kind == "map_kptr" { object.btf = try KernelTest.kernelPointerTypes() }
        instructions[fixup.insn].source =
          instructions[fixup.insn].source == WideSource.mapFDValue ? WideSource.mapIndexValue : WideSource.mapIndex
        instructions[fixup.insn].immediate = Int32(index)
      }
      var functionSpecs: [FunctionSpec]?
      if row.file == "bpf_loop_inline.c" { (functionSpecs, object.btf) = try KernelTest.functionsOfCallbackTests(instructions) }
      let program = ProgramSpec(
        name: "test", section: "", type: ProgramType(rawValue: row.prog_type),
        expectedAttachType: row.expected_attach_type == 0 ? nil : AttachType(rawValue: row.expected_attach_type),
        attachTarget: row.attach_func ?? "", loadFlags: row.kernel?.prog_flags ?? 0, instructions: instructions, functions: functionSpecs,
        references: references)
      object.programs = [program]
      return KernelTest(
        id: "\(row.file)#\(row.index) \(row.descr)", file: String(row.file.dropLast(2)), program: program, object: object,
        kernelFunctions: functions, verdict: row.kernel?.verdictForTest, unprivileged: row.kernel_unpriv?.verdictForTest)
    }
  }

  // MARK: Annotated programs

  private struct AnnotatedRow: Decodable {
    var file: String
    var section: String
    var name: String
    var prog_type: String
    var kernel: Answer?
    var kernel_unpriv: Answer?
  }

  /// The tests of `tools/testing/selftests/bpf/progs/verifier_*.c`.
  package func annotated() throws -> [KernelTest] {
    var objects: [String: ObjectSpec] = [:]
    return try lines("selftests/annotated.v3.jsonl") { (row: AnnotatedRow) in
      if objects[row.file] == nil {
        let path = "\(folder)/selftests/obj.v3/\(row.file).bpf.o"
        objects[row.file] = try ObjectSpec(bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), name: row.file)
      }
      guard let object = objects[row.file], var program = object.program(named: row.name) else {
        throw Failure(description: "\(row.file): the object has no program \(row.name)")
      }
      if program.type == nil { program.type = ProgramType(name: row.prog_type) }
      program.loadFlags |= row.kernel?.prog_flags ?? 0
      return KernelTest(
        id: "\(row.file)/\(row.name)", file: row.file, program: program, object: object,
        kernelFunctions: row.kernel?.features?.kfuncs ?? [], verdict: row.kernel?.verdictForTest,
        unprivileged: row.kernel_unpriv?.verdictForTest)
    }
  }

  // MARK: Files

  /// What `element` makes of each line of a file of JSON objects, one a line.
  func lines<Row: Decodable, Element>(_ name: String, _ element: (Row) throws -> Element?) throws -> [Element] {
    let decoder = JSONDecoder()
    return try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")).split(separator: UInt8(ascii: "\n")).compactMap {
      try element(try decoder.decode(Row.self, from: $0))
    }
  }

  /// The slots in a file of raw instructions.
  package static func instructions(file: String) throws -> [Instruction] {
    guard let instructions = Instruction.decode([UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))) else {
      throw Failure(description: "\(file): not a whole number of slots")
    }
    return instructions
  }

  /// The bytes of a hex string without spaces; `nil` for any other text.
  package static func bytes(hex: String) -> [UInt8]? {
    var result: [UInt8] = []
    var high: UInt8?
    for character in hex.utf8 {
      let digit: UInt8
      switch character {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
      default: return nil
      }
      if let upper = high {
        result.append(upper << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil ? result : nil
  }
}
