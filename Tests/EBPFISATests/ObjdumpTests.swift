import EBPFISA
import EBPFTestSupport
import Foundation
import Testing

/// Compares listings with those of llvm-objdump, for all objects of the folders in `EBPF_TEST_OBJECTS` (separated by colons).
/// `EBPF_LLVM_OBJDUMP` names the tool, by default the one on the path.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["EBPF_TEST_OBJECTS"] != nil, "EBPF_TEST_OBJECTS names no folder of objects"))
struct ObjdumpTests {
  static let environment = ProcessInfo.processInfo.environment

  static func run(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [environment["EBPF_LLVM_OBJDUMP"] ?? "llvm-objdump"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  static func objects() -> [URL] {
    (environment["EBPF_TEST_OBJECTS"] ?? "").split(separator: ":").flatMap { folder in
      let files = FileManager.default.enumerator(at: URL(fileURLWithPath: String(folder)), includingPropertiesForKeys: nil)
      return (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "o" }
    }.sorted { $0.path < $1.path }
  }

  /// One section of the tool's output: what its bytes and symbols are, and its text.
  struct Section {
    var name: String
    var text = ""
    var program: [Instruction] = []
    var symbols: [Disassembler.Symbol] = []
  }

  static func sections(of output: String) -> [Section] {
    var sections: [Section] = []
    for line in output.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("Disassembly of section ") {
        sections.append(Section(name: String(line.dropFirst(23).dropLast())))
        continue
      }
      guard !sections.isEmpty else { continue }
      var section = sections.removeLast()
      section.text += line + "\n"
      if line.hasSuffix(">:"), let open = line.firstIndex(of: "<"), let address = UInt64(line[..<open].dropLast(), radix: 16) {
        section.symbols.append(Disassembler.Symbol(String(line[line.index(after: open)...].dropLast(2)), at: Int(address / 8)))
      } else if let colon = line.firstIndex(of: ":"), line.first == " " {
        let fields = line[line.index(after: colon)...].dropFirst().split(separator: "\t", maxSplits: 1)
        let bytes = (fields.first ?? "").split(separator: " ").compactMap { UInt8($0, radix: 16) }
        section.program += Instruction.decode(bytes) ?? []
      }
      sections.append(section)
    }
    return sections
  }

  @Test func listingsAreEqual() throws {
    let version = try Self.run(["--version"]).split(separator: " ").compactMap { Int($0.prefix { $0 != "." }) }.first ?? 0
    let disassembler = Disassembler(style: version >= 20 ? .llvm : .llvm19)
    var (count, sectionCount, slots, different) = (0, 0, 0, 0)
    let objects = Self.objects()
    try #require(!objects.isEmpty)
    for object in objects {
      let output = try Self.run(["-d", "--no-print-imm-hex", object.path])
      guard output.contains("elf64-bpf") else { continue }
      count += 1
      for section in Self.sections(of: output) where !section.program.isEmpty {
        sectionCount += 1
        slots += section.program.count
        let theirs = section.text.trimmingCharacters(in: .newlines)
        let ours = disassembler.listing(section.program, symbols: section.symbols, section: section.name)
          .trimmingCharacters(in: .newlines)
        if ours != theirs {
          different += 1
          let lines = zip(ours.split(separator: "\n"), theirs.split(separator: "\n")).first { $0.0 != $0.1 }
          Issue.record("\(object.path) \(section.name): ours \(lines?.0 ?? "shorter"), theirs \(lines?.1 ?? "longer")")
        }
        let read = Result { try Assembler().assemble(theirs).instructions }
        guard case .success(section.program) = read else {
          Issue.record("\(object.path) \(section.name) is not read back: \(String(describing: read).prefix(200))")
          continue
        }
      }
    }
    print("\(count) objects, \(sectionCount) sections, \(slots) slots compared with LLVM \(version): \(different) sections differ")
  }
}
