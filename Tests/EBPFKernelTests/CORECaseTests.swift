import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import Foundation
import Testing

/// The cases that a script has prepared.
private enum CORECases {
  static let folder = ProcessInfo.processInfo.environment["EBPF_CORE_CASES"]
}

/// CO-RE relocations against libbpf's, instruction by instruction: the kernel's `core_reloc` tests and whatever else `Conformance/core-relocations`
/// was given.
///
/// Runs where `EBPF_CORE_CASES` names the folder that the script has made: `cases.tsv` (name, object, BTF or `-` for the running kernel's,
/// whether the program loads: `loads`, `fails` or `-`), and `NAME.expected`, what libbpf made of the case.
@Suite(
  .enabled(
    if: CORECases.folder != nil, "EBPF_CORE_CASES does not name a folder; Conformance/core-relocations makes one and runs this suite"))
struct CORECaseTests {
  private static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
  private static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  private struct Case {
    var name: String
    var object: String
    var types: String
    var loading: String
  }

  private static func cases() throws -> [Case] {
    try text("\(CORECases.folder!)/cases.tsv").split(separator: "\n").map { line in
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      try #require(parts.count == 4)
      return Case(name: parts[0], object: parts[1], types: parts[2], loading: parts[3])
    }
  }

  private static func types(_ test: Case) throws -> TargetTypes {
    try test.types == "-" ? .runningKernel() : TargetTypes(bytes: bytes(test.types), name: test.types)
  }

  @Test func instructionsAreThoseOfLibbpf() throws {
    var wrong: [String] = []
    var compared = 0
    var relocations = 0
    var poisoned = 0
    var refused = 0
    var left = 0
    for test in try Self.cases() {
      let expected = try Self.text("\(CORECases.folder!)/\(test.name).expected").split(separator: "\n").map(String.init)
      let words = expected.dropFirst().joined(separator: " ")
      switch expected.first {
      case "relocated": break
      case "refused":
        refused += 1
        do {
          _ = try ObjectSpec(bytes: Self.bytes(test.object)).relocated(against: Self.types(test))
          wrong.append("\(test.name): libbpf refuses it: \(words)")
        } catch let error as ObjectError {
          if error.code != .relocation { wrong.append("\(test.name): \(error)") }
        }
        continue
      default:
        // libbpf does not come to the relocations: an extern that this kernel does not have, say.
        left += 1
        continue
      }
      var programs: [String: [Instruction]] = [:]
      for line in expected.dropFirst() {
        let parts = line.split(separator: " ")
        programs[String(parts[0])] = Instruction.decode(try Self.hexadecimal(String(parts.last!)))
      }
      do {
        let object = try ObjectSpec(bytes: Self.bytes(test.object)).relocated(against: Self.types(test), programs: Set(programs.keys))
        for (name, code) in programs {
          guard let program = object.program(named: name) else {
            wrong.append("\(test.name): there is no program '\(name)' here")
            continue
          }
          compared += 1
          relocations += program.coreResolutions.count
          poisoned += program.coreResolutions.count { $0.isPoisoned }
          if let difference = Self.difference(program, code) { wrong.append("\(test.name): program '\(name)': \(difference)") }
        }
      } catch let error as ObjectError { wrong.append("\(test.name): libbpf relocates it: \(error)") }
    }
    #expect(wrong.isEmpty, "\(wrong.count) differ:\n\(wrong.joined(separator: "\n"))")
    #expect(compared > 0)
    print(
      "CO-RE: \(compared) programs with \(relocations) relocations (\(poisoned) poisoned) are libbpf's; \(refused) objects refused by both; "
        + "\(left) that libbpf does not come to relocate")
  }

  /// The kernel takes the programs of the cases that are meant to work, and refuses the others.
  @Test(.needsKernel) func theKernelLoadsWhatItIsMeantToLoad() throws {
    var wrong: [String] = []
    var judged = 0
    for test in try Self.cases() where test.loading != "-" {
      judged += 1
      var options = LoadOptions()
      options.types = try Self.types(test)
      let object = try ObjectSpec(bytes: Self.bytes(test.object))
      do throws(HostError) {
        try KernelHost().load(object, options: options).close()
        if test.loading == "fails" { wrong.append("\(test.name): it loads") }
      } catch {
        if test.loading == "loads" { wrong.append("\(test.name): \(error.message)") }
        if test.loading == "fails", error.code != .relocation, !error.message.contains("CO-RE relocation") {
          wrong.append("\(test.name): refused without a word on relocations: \(error.message)")
        }
      }
    }
    #expect(judged > 60)
    #expect(wrong.isEmpty, "\(wrong.count) of \(judged):\n\(wrong.joined(separator: "\n"))")
  }

  private static func hexadecimal(_ text: String) throws -> [UInt8] {
    let digits = Array(text.utf8)
    return try stride(from: 0, to: digits.count, by: 2).map {
      try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
    }
  }

  /// The first slot in which a program differs, but for what only a loaded object has: descriptors of maps, addresses and ids of symbols.
  private static func difference(_ program: ProgramSpec, _ expected: [Instruction]) -> String? {
    guard program.instructions.count == expected.count else { return "\(program.instructions.count) slots, libbpf's has \(expected.count)" }
    let symbols = Set(program.references.map(\.slot))
    var slot = 0
    while slot < expected.count {
      let mine = program.instructions[slot]
      let theirs = expected[slot]
      let isWide = mine.isWide
      let isMap = isWide && (mine.source == WideSource.mapIndex || mine.source == WideSource.mapIndexValue)
      if symbols.contains(slot) || isMap {
        if mine.opcode != theirs.opcode || mine.destination != theirs.destination { return "slot \(slot)" }
        if isMap, mine.source == WideSource.mapIndexValue, program.instructions[slot + 1] != expected[slot + 1] {
          return "slot \(slot + 1)"
        }
      } else if mine != theirs || isWide && program.instructions[slot + 1] != expected[slot + 1] {
        let resolution = program.coreResolutions.first { $0.relocation.slot == slot }
        return "slot \(slot): \(mine), libbpf has \(theirs)" + (resolution.map { ": \($0)" } ?? "")
      }
      slot += isWide ? 2 : 1
    }
    return nil
  }
}
