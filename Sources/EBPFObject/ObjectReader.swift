internal import EBPFBTF
internal import EBPFISA
internal import EBPFTables

/// Makes an ``ObjectSpec`` from an ELF object: sections are sorted by what they hold, then types, functions, maps, externs
/// and data are read, and at last every program is linked.
struct ObjectReader {
  let elf: ELFFile
  var btf: BTF?
  var btfExtension: BTFExtension?
  /// Functions by section and place.
  var functions = FunctionTable()
  var maps: [MapSpec] = []
  var variables: [VariableSpec] = []
  var externs: [ExternSpec] = []
  /// The map that stands for a data section, by the section's index.
  var dataMaps: [Int: Int] = [:]
  /// The maps that the author declared, by section and offset.
  var declaredMaps: [SectionPlace: Int] = [:]
  /// The map `.kconfig`, where the object has one.
  var settingsMap: Int?
  /// Index in `externs`, by symbol.
  var externOfSymbol: [Int: Int] = [:]
  /// What is wrong with parts that the object can do without.
  var problems: [ObjectError] = []
  /// The sections of relocations, by the section that they change.
  var relocationSections: [Int: ELFFile.Section] = [:]

  /// A place in a section.
  struct SectionPlace: Hashable {
    var section: Int
    var offset: Int
  }

  static func read(_ bytes: [UInt8]) throws(ObjectError) -> ObjectSpec {
    var reader = ObjectReader(elf: try ELFFile(bytes: bytes))
    return try reader.read()
  }

  private init(elf: ELFFile) { self.elf = elf }

  private mutating func read() throws(ObjectError) -> ObjectSpec {
    for section in elf.sections
    where section.type == ELFFile.SectionType.relocations || section.type == ELFFile.SectionType.relocationsWithAddend {
      relocationSections[section.info] = section
    }
    try readTypes()
    functions = try FunctionTable(elf)
    try readDeclaredMaps()
    try readLegacyMaps()
    try readDataSections()
    try readExterns()
    try fillDeclaredMaps()
    let programs = try linkPrograms()
    var object = ObjectSpec(
      programs: programs, maps: maps, variables: variables, externs: externs, btf: btf, license: license, kernelVersion: kernelVersion,
      byteOrder: elf.view.isBigEndian ? .big : .little)
    object.problems = problems
    return object
  }

  // MARK: The small sections

  private var license: String {
    guard let section = elf.sections.first(where: { $0.name == "license" && $0.type == ELFFile.SectionType.programBits }) else { return "" }
    return elf.view.text(section.range.lowerBound, before: section.range.upperBound)
      ?? String(decoding: elf.view.bytes[section.range], as: UTF8.self)
  }

  private var kernelVersion: UInt32 {
    guard let section = elf.sections.first(where: { $0.name == "version" && $0.type == ELFFile.SectionType.programBits }),
      section.range.count >= 4
    else { return 0 }
    return elf.view.u32(section.range.lowerBound) ?? 0
  }

  // MARK: Types

  private mutating func readTypes() throws(ObjectError) {
    guard let section = elf.sections.first(where: { $0.name == ".BTF" }), !section.range.isEmpty else { return }
    do {
      btf = try placeVariables(in: BTF(bytes: Array(elf.view.bytes[section.range])))
    } catch {
      let error = ObjectError(.badBTF, error.message, section: ".BTF", offset: error.offset)
      // Types are needed where maps are defined by them; otherwise the object is whole without.
      guard !elf.sections.contains(where: { $0.name == ObjectReader.declaredSection && $0.size > 0 }) else { throw error }
      problems.append(error)
      return
    }
    guard let section = elf.sections.first(where: { $0.name == ".BTF.ext" }), !section.range.isEmpty else { return }
    do {
      btfExtension = try BTFExtension(bytes: Array(elf.view.bytes[section.range]), btf: btf!)
    } catch {
      problems.append(ObjectError(.badBTF, error.message, section: ".BTF.ext", offset: error.offset))
    }
  }

  /// The object's types with the sizes of data sections and the places of their variables, which the compiler leaves to the linker.
  private func placeVariables(in btf: BTF) throws(BTFError) -> BTF {
    var editor = DataSectionEditor(btf)
    var symbols: [String: ELFFile.Symbol]?
    for id in btf.ownTypeIDs {
      guard let type = btf.type(id), type.kind == .dataSection, type.statedSize == 0 else { continue }
      let name = type.name
      guard let section = elf.sections.first(where: { $0.name == name }) else { continue }
      if symbols == nil { symbols = variableSymbols() }
      var placed = type.sectionVariables
      for index in placed.indices {
        guard let variable = btf.type(placed[index].typeID), variable.linkage == .global,
          let symbol = symbols?[variable.name], symbol.section == section.index, let offset = Int(exactly: symbol.value)
        else { continue }
        placed[index].offset = offset
      }
      placed.sort { ($0.offset, $0.typeID) < ($1.offset, $1.typeID) }
      editor.replace(type, size: section.size, variables: placed)
    }
    return try editor.finish()
  }

  /// The symbols of global variables by name.
  private func variableSymbols() -> [String: ELFFile.Symbol] {
    var result: [String: ELFFile.Symbol] = [:]
    for index in 0..<elf.symbolCount {
      guard let symbol = elf.symbol(index), symbol.isGlobal, symbol.kind == ELFFile.Symbol.object || symbol.kind == ELFFile.Symbol.noType
      else { continue }
      result[elf.name(of: symbol)] = symbol
    }
    return result
  }
}
