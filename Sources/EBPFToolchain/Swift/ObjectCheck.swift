internal import EBPFBTF
internal import EBPFObject
import EBPFTables

/// Looks a compiled object through for what would only fail when it is loaded, and says where in the source it comes from.
///
/// What is judged here is what the optimizer has left: a class instance that it removed is no error.
struct ObjectCheck {
  private let elf: ELFFile
  private let bytes: [UInt8]
  private let btf: BTF?
  private let lines: [String: [BTFExtension.LineRecord]]

  /// Reads an object that clang has written.
  init(_ bytes: [UInt8]) throws(ObjectError) {
    self.bytes = bytes
    let elf = try ELFFile(bytes: bytes)
    self.elf = elf
    func contents(_ name: String) -> [UInt8]? { elf.sections.first { $0.name == name }.map { Array(bytes[$0.range]) } }
    let btf = contents(".BTF").flatMap { try? BTF(bytes: $0) }
    self.btf = btf
    lines = btf.flatMap { btf in contents(".BTF.ext").flatMap { try? BTFExtension(bytes: $0, btf: btf) } }?.lines ?? [:]
  }

  /// All that is wrong, in the order of the source; one problem a line.
  func problems() throws(ObjectError) -> [SourceProblem] {
    var found = try leftoverCalls() + licenseViolations()
    found.sort { ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column) }
    var seen: Set<String> = []
    return found.filter { seen.insert("\($0.file):\($0.line)").inserted }
  }

  /// Calls of Swift's runtime that the optimizer has not removed.
  private func leftoverCalls() throws(ObjectError) -> [SourceProblem] {
    var found: [SourceProblem] = []
    for table in elf.sections where table.type == ELFFile.SectionType.relocations {
      guard elf.sections.indices.contains(table.info), elf.sections[table.info].isExecutable else { continue }
      let code = elf.sections[table.info]
      for relocation in try elf.relocations(in: table) {
        guard let symbol = elf.symbol(relocation.symbol), symbol.section == ELFFile.Symbol.undefined,
          let (message, help) = RuntimeCalls.meaning(of: elf.name(of: symbol))
        else { continue }
        found.append(problem(in: code.name, at: relocation.offset, message, help))
      }
    }
    return found
  }

  /// Helpers that the kernel offers to programs under the GPL alone, in an object that is not.
  ///
  /// The lowering has told those that it can see. Calls through a constant pointer, as C headers of users have them, are calls of a
  /// helper's number only when the optimizer has been there.
  private func licenseViolations() -> [SourceProblem] {
    let license = elf.sections.first { $0.name == "license" }.map { String(decoding: bytes[$0.range].prefix { $0 != 0 }, as: UTF8.self) }
    if let license, License.isGPLCompatible(license) { return [] }
    var found: [SourceProblem] = []
    for code in elf.sections where code.isExecutable {
      var slot = code.range.lowerBound
      while slot + 8 <= code.range.upperBound {
        defer { slot += bytes[slot] == 0x18 ? 16 : 8 }
        // A call by number.
        guard bytes[slot] == 0x85, bytes[slot + 1] >> 4 == 0 else { continue }
        let number = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[slot + 4 + $1]) << ($1 * 8) }
        let helper = HelperID(rawValue: number)
        guard helper.isGPLOnly, let name = helper.name else { continue }
        let state = license.map { "its license is \"\($0)\"" } ?? "the sources state no license"
        found.append(
          problem(
            in: code.name, at: UInt64(slot - code.range.lowerBound),
            "the helper bpf_\(name) is for programs under the GPL alone, and \(state)",
            "state it, where it is so: `let license = License(\"GPL\")`, or \"Dual MIT/GPL\""))
      }
    }
    return found
  }

  private func problem(in section: String, at offset: UInt64, _ message: String, _ help: String) -> SourceProblem {
    guard let records = lines[section], let record = records.last(where: { $0.offset <= offset }), let btf else {
      return SourceProblem(file: section, line: 0, column: 0, message: message, help: help)
    }
    return SourceProblem(
      file: btf.string(at: record.fileName) ?? section, line: record.line, column: record.column, message: message, help: help)
  }
}
