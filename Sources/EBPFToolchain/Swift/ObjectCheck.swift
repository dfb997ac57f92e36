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
    var found = try leftoverCalls() + numberedCalls()
    found.sort { ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column) }
    var seen: Set<String> = []
    return found.filter { seen.insert("\($0.file):\($0.line) \($0.message)").inserted }
  }

  /// Calls of Swift's runtime that the optimizer has not removed.
  private func leftoverCalls() throws(ObjectError) -> [SourceProblem] {
    var found: [SourceProblem] = []
    for table in elf.sections where table.type == ELFFile.SectionType.relocations {
      guard elf.sections.indices.contains(table.info), elf.sections[table.info].isExecutable else { continue }
      let code = elf.sections[table.info]
      for relocation in try elf.relocations(in: table) {
        guard let symbol = elf.symbol(relocation.symbol), symbol.section == ELFFile.Symbol.undefined,
          let meaning = RuntimeCalls.meaning(of: elf.name(of: symbol))
        else { continue }
        found.append(problem(in: code.name, at: relocation.offset, meaning.message, meaning.help, meaning.rank))
      }
    }
    return found
  }

  /// Calls that no relocation names: of helpers by their numbers, and of functions by an address in a register.
  ///
  /// Helpers that are for programs under the GPL alone: the lowering has told those that it can see. Calls through a constant pointer, as C
  /// headers of users have them, are calls of a helper's number only when the optimizer has been there.
  private func numberedCalls() -> [SourceProblem] {
    let license = elf.sections.first { $0.name == "license" }.map { String(decoding: bytes[$0.range].prefix { $0 != 0 }, as: UTF8.self) }
    let isGPL = license.map { License.isGPLCompatible($0) } ?? false
    var found: [SourceProblem] = []
    for code in elf.sections where code.isExecutable {
      var slot = code.range.lowerBound
      while slot + 8 <= code.range.upperBound {
        defer { slot += bytes[slot] == 0x18 ? 16 : 8 }
        let offset = UInt64(slot - code.range.lowerBound)
        if bytes[slot] == 0x8d {
          found.append(
            problem(
              in: code.name, at: offset, "which function is called here is known only at run time, and eBPF programs call fixed ones",
              "call each by its name: switch kind { case 0: first(value) default: second(value) }"))
          continue
        }
        guard bytes[slot] == 0x85, bytes[slot + 1] >> 4 == 0, !isGPL else { continue }
        let number = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[slot + 4 + $1]) << ($1 * 8) }
        let helper = HelperID(rawValue: number)
        guard helper.isGPLOnly, let name = helper.name else { continue }
        let state = license.map { "the source states the licence \"\($0)\"" } ?? "the source states no licence"
        found.append(
          problem(
            in: code.name, at: offset, "the helper \(name) is for programs under the GPL only, and \(state)",
            "where the program is under it, write: let license = License.gpl (or .dualMITGPL, .dualBSDGPL)"))
      }
    }
    return found
  }

  private func problem(
    in section: String, at offset: UInt64, _ message: String, _ help: String, _ rank: SourceProblem.Rank = .cause
  ) -> SourceProblem {
    guard let records = lines[section], let record = records.last(where: { $0.offset <= offset }), let btf else {
      return SourceProblem(file: "", line: 0, column: 0, message: message, help: help, rank: rank)
    }
    return SourceProblem(
      file: btf.string(at: record.fileName) ?? "", line: record.line, column: record.column, message: message, help: help, rank: rank)
  }
}
