package import EBPFBTF

/// A 64-bit ELF object's sections and symbols, read lazily from its bytes; every offset is checked (`man 5 elf`).
package struct ELFFile: Sendable {
  package let view: ByteView
  package let sections: [Section]
  package let machine: UInt16
  /// The symbol table's section and its strings' range; without one there are no symbols.
  private let symbols: Range<Int>
  private let symbolNames: Range<Int>
  /// The range of the 32-bit section numbers that symbols in objects of over 65,279 sections need.
  private let extendedIndexes: Range<Int>

  /// A section header, its name decoded.
  package struct Section: Sendable {
    package var index: Int
    package var name: String
    package var type: UInt32
    package var flags: UInt64
    /// Bytes in the file; empty for a section without contents (`.bss`).
    package var range: Range<Int>
    /// Bytes in memory.
    package var size: Int
    package var link: Int
    package var info: Int
    package var entrySize: Int

    package var isExecutable: Bool { flags & 4 != 0 && type == SectionType.programBits }
  }

  package enum SectionType {
    package static let programBits: UInt32 = 1
    package static let symbolTable: UInt32 = 2
    package static let relocationsWithAddend: UInt32 = 4
    package static let noBits: UInt32 = 8
    package static let relocations: UInt32 = 9
    package static let extendedIndexes: UInt32 = 18
  }

  /// `Elf64_Sym`.
  package struct Symbol: Sendable {
    package var index: Int
    package var nameOffset: UInt32
    package var info: UInt8
    package var other: UInt8
    package var section: Int
    package var value: UInt64
    package var size: UInt64

    package static let undefined = 0
    package var isGlobal: Bool { info >> 4 != 0 }
    package var isWeak: Bool { info >> 4 == 2 }
    /// Hidden or internal: seen by no other object.
    package var isHidden: Bool { other & 3 == 1 || other & 3 == 2 }
    package var kind: UInt8 { info & 0xf }
    package static let noType: UInt8 = 0
    package static let object: UInt8 = 1
    package static let function: UInt8 = 2
    package static let section: UInt8 = 3
  }

  /// `Elf64_Rel` or `Elf64_Rela`.
  package struct Relocation: Sendable {
    package var offset: UInt64
    package var type: UInt32
    package var symbol: Int
    package var addend: Int64?
  }

  /// Whether bytes begin as an ELF file does.
  package static func isELF(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 4 && bytes[0] == 0x7f && bytes[1] == 0x45 && bytes[2] == 0x4c && bytes[3] == 0x46
  }

  /// Reads the headers of a relocatable object for eBPF.
  package init(bytes: [UInt8]) throws(ObjectError) {
    guard ELFFile.isELF(bytes) else { throw ObjectError(.malformed, "not an ELF file: it does not begin with 0x7f 'ELF'", offset: 0) }
    guard bytes.count >= 64 else {
      throw ObjectError(.malformed, "the file ends within the ELF header: \(bytes.count) of 64 bytes", offset: bytes.count)
    }
    guard bytes[4] == 2 else {
      throw ObjectError(
        .wrongMachine, "a 32-bit ELF file (class \(bytes[4])); eBPF objects are 64-bit: compile with -target bpf", offset: 4)
    }
    guard bytes[5] == 1 || bytes[5] == 2 else { throw ObjectError(.malformed, "unknown byte order \(bytes[5])", offset: 5) }
    let view = ByteView(bytes, isBigEndian: bytes[5] == 2)
    self.view = view
    guard let fileType = view.u16(16), let machine = view.u16(18), let headersAt = view.u64(40), let entrySize = view.u16(58),
      var count = view.u16(60).map(Int.init), var namesIndex = view.u16(62).map(Int.init)
    else { throw ObjectError(.malformed, "the file ends within the ELF header", offset: bytes.count) }
    self.machine = machine
    guard machine == 247 || machine == 0 else {
      throw ObjectError(
        .wrongMachine, "an ELF file for machine \(machine), not for eBPF (247): compile with -target bpf", offset: 18)
    }
    guard fileType == 1 || machine == 0 else {
      throw ObjectError(.wrongMachine, "ELF file type \(fileType); eBPF objects are relocatable (1): compile with -c", offset: 16)
    }
    guard let headers = Int(exactly: headersAt), headers > 0, headers < bytes.count else {
      throw ObjectError(
        .malformed, "section headers at 0x\(String(headersAt, radix: 16)), outside the file of \(bytes.count) bytes", offset: 40)
    }
    guard entrySize >= 64 else { throw ObjectError(.malformed, "section headers of \(entrySize) bytes, not 64", offset: 58) }
    // The true numbers are in the first header where they do not fit the ELF header.
    if count == 0 { count = view.u64(headers + 32).flatMap { Int(exactly: $0) } ?? 0 }
    if namesIndex == 0xffff { namesIndex = view.u32(headers + 40).map(Int.init) ?? 0 }
    guard count <= (bytes.count - headers) / Int(entrySize) else {
      throw ObjectError(
        .malformed, "\(count) section headers lead outside the file of \(bytes.count) bytes: it is cut short", offset: headers)
    }

    var names = 0..<0
    if namesIndex != 0 {
      guard namesIndex < count,
        let range = ELFFile.range(view, header: headers + namesIndex * Int(entrySize))
      else { throw ObjectError(.malformed, "the section names (section \(namesIndex)) lead outside the file", offset: 62) }
      names = range
    }
    var sections: [Section] = []
    sections.reserveCapacity(count)
    for index in 0..<count {
      let at = headers + index * Int(entrySize)
      guard let nameOffset = view.u32(at), let type = view.u32(at + 4), let flags = view.u64(at + 8), let size = view.u64(at + 32),
        let link = view.u32(at + 40), let info = view.u32(at + 44), let elementSize = view.u64(at + 56)
      else { throw ObjectError(.malformed, "section header \(index) is cut short", offset: at) }
      let name = view.text(names.lowerBound + Int(nameOffset), before: names.upperBound) ?? ""
      guard let range = type == 0 || type == SectionType.noBits ? 0..<0 : ELFFile.range(view, header: at) else {
        throw ObjectError(
          .malformed, "its \(size) bytes lead outside the file of \(bytes.count) bytes: it is cut short",
          section: name.isEmpty ? "#\(index)" : name, offset: 0)
      }
      guard let memorySize = Int(exactly: size), memorySize <= Int(UInt32.max) || type == 0 else {
        throw ObjectError(.malformed, "impossible size \(size)", section: name, offset: 0)
      }
      sections.append(
        Section(
          index: index, name: name, type: type, flags: flags, range: range, size: memorySize, link: Int(link), info: Int(info),
          entrySize: Int(clamping: elementSize)))
    }
    self.sections = sections

    var symbols = 0..<0
    var symbolNames = 0..<0
    var extended = 0..<0
    if let table = sections.first(where: { $0.type == SectionType.symbolTable }) {
      guard table.entrySize == 24 || table.entrySize == 0 else {
        throw ObjectError(.malformed, "symbols of \(table.entrySize) bytes, not 24", section: table.name, offset: 0)
      }
      guard table.link < count else {
        throw ObjectError(.malformed, "its strings are in section \(table.link) of \(count)", section: table.name, offset: 0)
      }
      symbols = table.range
      symbolNames = sections[table.link].range
      if let indexes = sections.first(where: { $0.type == SectionType.extendedIndexes && $0.link == table.index }) {
        extended = indexes.range
      }
    }
    self.symbols = symbols
    self.symbolNames = symbolNames
    extendedIndexes = extended
  }

  private static func range(_ view: ByteView, header: Int) -> Range<Int>? {
    guard let offset = view.u64(header + 24).flatMap({ Int(exactly: $0) }), let size = view.u64(header + 32).flatMap({ Int(exactly: $0) }),
      view.holds(offset, size)
    else { return nil }
    return offset..<offset + size
  }

  // MARK: Symbols

  package var symbolCount: Int { symbols.count / 24 }

  package func symbol(_ index: Int) -> Symbol? {
    guard index >= 0, index < symbolCount else { return nil }
    let at = symbols.lowerBound + 24 * index
    guard let name = view.u32(at), let info = view.u8(at + 4), let other = view.u8(at + 5), let section = view.u16(at + 6),
      let value = view.u64(at + 8), let size = view.u64(at + 16)
    else { return nil }
    var place = Int(section)
    if section == 0xffff, let true_ = view.u32(extendedIndexes.lowerBound + 4 * index), 4 * index < extendedIndexes.count {
      place = Int(true_)
    }
    return Symbol(index: index, nameOffset: name, info: info, other: other, section: place, value: value, size: size)
  }

  /// The symbol's name; a section symbol's is its section's.
  package func name(of symbol: Symbol) -> String {
    if symbol.kind == Symbol.section, symbol.nameOffset == 0, symbol.section < sections.count { return sections[symbol.section].name }
    return view.text(symbolNames.lowerBound + Int(symbol.nameOffset), before: symbolNames.upperBound) ?? ""
  }

  package func name(of symbol: Symbol, equals text: String) -> Bool {
    view.textEquals(symbolNames.lowerBound + Int(symbol.nameOffset), text, before: symbolNames.upperBound)
  }

  // MARK: Relocations

  /// The relocations of that relocation section, in file order.
  package func relocations(in section: Section) throws(ObjectError) -> [Relocation] {
    let hasAddend = section.type == SectionType.relocationsWithAddend
    let size = hasAddend ? 24 : 16
    guard section.entrySize == size || section.entrySize == 0 else {
      throw ObjectError(.malformed, "relocations of \(section.entrySize) bytes, not \(size)", section: section.name, offset: 0)
    }
    var result: [Relocation] = []
    result.reserveCapacity(section.range.count / size)
    for at in stride(from: section.range.lowerBound, to: section.range.upperBound - size + 1, by: size) {
      guard let offset = view.u64(at), let info = view.u64(at + 8) else { break }
      let addend: Int64? = hasAddend ? view.u64(at + 16).map { Int64(bitPattern: $0) } : nil
      result.append(Relocation(offset: offset, type: UInt32(truncatingIfNeeded: info), symbol: Int(info >> 32), addend: addend))
    }
    return result
  }
}
