internal import EBPFBTF
internal import EBPFTables

/// Global data: each section becomes an array map of one element, each variable a view of its bytes.
extension ObjectReader {
  mutating func readDataSections() throws(ObjectError) {
    for section in elf.sections {
      guard let kind = ObjectReader.dataKind(section), section.size > 0 else { continue }
      let contents: [UInt8]
      if section.type == ELFFile.SectionType.noBits {
        guard section.size <= ObjectReader.largestZeroSection else {
          throw ObjectError(
            .malformed, "\(section.size) bytes of zeroes; at most \(ObjectReader.largestZeroSection) are supported", section: section.name)
        }
        contents = []
      } else {
        contents = Array(elf.view.bytes[section.range])
      }
      let types = btf?.find(section.name, kinds: [.dataSection])
      var map = MapSpec(
        name: section.name, type: MapType(rawValue: 2), keySize: 4, valueSize: section.size, maxEntries: 1, valueTypeID: types?.id ?? 0,
        dataSection: kind)
      if kind == .rodata {
        map.flags.insert(.readOnlyProgram)
        map.isFrozen = true
      }
      if let types, let btf, types.sectionVariables.contains(where: { btf.type($0.typeID)?.linkage != .isStatic }) {
        map.flags.insert(.mmapable)
      }
      if !contents.isEmpty { map.contents = [MapSpec.Entry(key: [0, 0, 0, 0], value: .bytes(contents))] }
      dataMaps[section.index] = maps.count
      addVariables(of: section, types, map: maps.count)
      maps.append(map)
    }
  }

  /// The largest `.bss` that is read: no kernel makes a larger array element.
  static let largestZeroSection = Int(Int32.max)

  private static func dataKind(_ section: ELFFile.Section) -> MapSpec.DataSection? {
    func isNamed(_ name: String) -> Bool { section.name == name || section.name.hasPrefix(name + ".") }
    if section.type == ELFFile.SectionType.noBits { return isNamed(".bss") ? .bss : isNamed(".data") ? .data : nil }
    guard section.type == ELFFile.SectionType.programBits, !section.isExecutable else { return nil }
    return isNamed(".data") ? .data : isNamed(".rodata") ? .rodata : isNamed(".bss") ? .bss : nil
  }

  /// The variables by the object's types, and by its symbols where those say nothing.
  private mutating func addVariables(of section: ELFFile.Section, _ types: BTFType?, map: Int) {
    var found: Set<String> = []
    if let types, let btf {
      for variable in types.sectionVariables {
        guard let declaration = btf.type(variable.typeID), declaration.kind == .variable else { continue }
        // The compiler may shrink an array below its type's size; what lies outside the section is not there.
        let offset = Swift.min(variable.offset, section.size)
        let size = Swift.min(variable.size, section.size - offset)
        found.insert(declaration.name)
        variables.append(VariableSpec(name: declaration.name, map: map, offset: offset, size: size, typeID: declaration.target))
      }
    }
    for index in 0..<elf.symbolCount {
      guard let symbol = elf.symbol(index), symbol.section == section.index, symbol.kind == ELFFile.Symbol.object else { continue }
      let name = elf.name(of: symbol)
      guard !name.isEmpty, !found.contains(name), let offset = Int(exactly: symbol.value), offset <= section.size else { continue }
      let size = Swift.min(Int(clamping: symbol.size), section.size - offset)
      variables.append(VariableSpec(name: name, map: map, offset: offset, size: size))
    }
  }
}
