import EBPFBTF
import EBPFISA
import EBPFObject

/// An executable section of an object as it stands in the file: not linked, not relocated.
struct CodeSection {
  var name: String
  var instructions: [Instruction]
  var byteOrder: ByteOrder
  var symbols: [Disassembler.Symbol]
  /// The source lines that the object has for it, by rising slot.
  var lines: LineTable

  /// The executable sections of an object, in the order of the file.
  static func all(in bytes: [UInt8]) throws(ObjectError) -> [CodeSection] {
    let elf = try ELFFile(bytes: bytes)
    let order: ByteOrder = elf.view.isBigEndian ? .big : .little
    var symbols: [Int: [(symbol: ELFFile.Symbol, name: String)]] = [:]
    for index in 0..<elf.symbolCount {
      guard let symbol = elf.symbol(index), symbol.section != ELFFile.Symbol.undefined, symbol.value % 8 == 0,
        symbol.kind == ELFFile.Symbol.function || symbol.kind == ELFFile.Symbol.noType
      else { continue }
      symbols[symbol.section, default: []].append((symbol, elf.name(of: symbol)))
    }
    let types = elf.contents(of: ".BTF").flatMap { try? BTF(bytes: $0) }
    let records = types.flatMap { types in elf.contents(of: ".BTF.ext").flatMap { try? BTFExtension(bytes: $0, btf: types) } }
    var result: [CodeSection] = []
    for section in elf.sections where section.isExecutable && !section.range.isEmpty {
      guard let instructions = Instruction.decode(elf.view.bytes[section.range], byteOrder: order) else {
        throw ObjectError(
          .malformed, "\(section.range.count) bytes of instructions are no multiple of 8", section: section.name, offset: 0)
      }
      var lines: [LineSpec] = []
      if let types, let found = records?.lines[section.name] {
        lines = found.map {
          LineSpec(
            slot: Int($0.offset / 8), file: types.string(at: $0.fileName) ?? "", text: types.string(at: $0.text) ?? "", line: $0.line,
            column: $0.column)
        }
      }
      // Where several names stand on one instruction llvm-objdump shows the one that is last in the alphabet.
      let named = (symbols[section.index] ?? []).sorted {
        $0.symbol.value != $1.symbol.value ? $0.symbol.value < $1.symbol.value : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
      }
      result.append(
        CodeSection(
          name: section.name, instructions: instructions, byteOrder: order,
          symbols: named.map { Disassembler.Symbol($0.name, at: Int(clamping: $0.symbol.value / 8)) }, lines: LineTable(lines)))
    }
    return result
  }
}

extension ELFFile {
  /// The bytes of the section of that name.
  fileprivate func contents(of name: String) -> [UInt8]? {
    guard let section = sections.first(where: { $0.name == name }), !section.range.isEmpty else { return nil }
    return Array(view.bytes[section.range])
  }
}
