internal import EBPFBTF
internal import EBPFTables

/// Maps defined by a structure's type in the section `.maps` (libbpf's BTF-defined maps).
extension ObjectReader {
  static let declaredSection = ".maps"

  /// Reads the definitions of the section `.maps`, in the order of their places.
  mutating func readDeclaredMaps() throws(ObjectError) {
    guard let section = elf.sections.first(where: { $0.name == ObjectReader.declaredSection }), section.size > 0 else { return }
    guard let btf else {
      throw ObjectError(
        .badMap, "maps are defined by their types, but the object has no BTF: compile with -g", section: section.name, offset: 0)
    }
    guard let types = btf.find(section.name, kinds: [.dataSection]) else {
      throw ObjectError(.badMap, "the object's BTF has no data section of that name: compile with -g", section: section.name, offset: 0)
    }
    for variable in types.sectionVariables {
      guard let declaration = btf.type(variable.typeID), declaration.kind == .variable else {
        throw ObjectError(.badBTF, "type [\(variable.typeID)] in it is no variable", section: section.name, offset: variable.offset)
      }
      let name = declaration.name
      guard let definition = btf.resolve(declaration.target), definition.kind == .structure else {
        throw ObjectError(.badMap, "map '\(name)' is not defined by a structure", section: section.name, offset: variable.offset)
      }
      guard variable.offset <= section.size, variable.size <= section.size - variable.offset else {
        throw ObjectError(
          .badBTF, "map '\(name)' of \(variable.size) bytes leads outside the section's \(section.size) bytes", section: section.name,
          offset: variable.offset)
      }
      let place = Place(map: name, offset: variable.offset)
      declaredMaps[SectionPlace(section: section.index, offset: variable.offset)] = maps.count
      maps.append(try definedMap(name, definition, btf, place, isInner: false))
    }
  }

  /// What an error in a definition names.
  struct Place {
    var map: String
    var offset: Int

    func error(_ message: String) -> ObjectError {
      ObjectError(.badMap, "map '\(map)': \(message)", section: ObjectReader.declaredSection, offset: offset)
    }
  }

  /// The map that a structure type defines: `__uint` fields are pointers to arrays of that many elements, `__type` fields pointers to the type.
  private func definedMap(_ name: String, _ definition: BTFType, _ btf: BTF, _ place: Place, isInner: Bool) throws(ObjectError) -> MapSpec {
    var map = MapSpec(name: name, type: MapType(rawValue: 0), keySize: 0, valueSize: 0, maxEntries: 0)
    var hasType = false
    for member in definition.members {
      switch member.name {
      case "type":
        map.type = MapType(rawValue: try number(member, btf, place))
        hasType = true
      case "max_entries": map.maxEntries = Int(try number(member, btf, place))
      case "map_flags": map.flags = MapFlags(rawValue: try number(member, btf, place))
      case "numa_node":
        map.numaNode = Int(try number(member, btf, place))
        map.flags.insert(.numaNode)
      case "map_extra": map.extra = try wideNumber(member, btf, place)
      case "pinning":
        let value = try number(member, btf, place)
        guard !isInner || value == 0 else { throw place.error("an inner map cannot be pinned") }
        map.pinning = value == 0 ? .none : value == 1 ? .byName : .other(value)
      case "key_size": map.keySize = try agree("key", map.keySize, Int(try number(member, btf, place)), place)
      case "value_size": map.valueSize = try agree("value", map.valueSize, Int(try number(member, btf, place)), place)
      case "key":
        map.keyTypeID = try pointed(member, btf, place)
        map.keySize = try agree("key", map.keySize, try size(of: map.keyTypeID, "key", btf, place), place)
      case "value":
        map.valueTypeID = try pointed(member, btf, place)
        map.valueSize = try agree("value", map.valueSize, try size(of: map.valueTypeID, "value", btf, place), place)
      case "values":
        map.valueSize = try agree("value", map.valueSize, 4, place)
        guard !isInner else { throw place.error("the inner map has inner maps itself; one level is all that a host can make") }
        guard let array = btf.resolve(member.typeID), array.kind == .array, let pointer = btf.resolve(array.target),
          pointer.kind == .pointer
        else { throw place.error("'values' is no array of pointers; write __array(values, ...)") }
        guard let element = btf.resolve(pointer.target) else { throw place.error("'values' holds pointers to nothing known") }
        switch element.kind {
        case .functionPrototype: break
        case .structure: map.inner = [try definedMap("\(name).inner", element, btf, place, isInner: true)]
        default: throw place.error("'values' holds neither maps nor programs but a \(element.kind)")
        }
      default:
        throw place.error(
          "unknown field '\(member.name)'; libbpf's fields are type, key, value, key_size, value_size, max_entries, map_flags, map_extra, numa_node, pinning and values"
        )
      }
    }
    guard hasType, map.type.rawValue != 0 else { throw place.error("its type is not given; write __uint(type, BPF_MAP_TYPE_...)") }
    return map
  }

  private func agree(_ what: String, _ old: Int, _ new: Int, _ place: Place) throws(ObjectError) -> Int {
    guard old == 0 || old == new else { throw place.error("its \(what) has two sizes, \(old) and \(new)") }
    return new
  }

  private func size(of id: BTF.TypeID, _ what: String, _ btf: BTF, _ place: Place) throws(ObjectError) -> Int {
    guard let size = btf.size(of: id), size <= Int(UInt32.max) else { throw place.error("its \(what) type [\(id)] has no size") }
    return size
  }

  private func pointed(_ member: BTFType.Member, _ btf: BTF, _ place: Place) throws(ObjectError) -> BTF.TypeID {
    guard let pointer = btf.resolve(member.typeID), pointer.kind == .pointer else {
      throw place.error("'\(member.name)' is no pointer to the type; write __type(\(member.name), ...)")
    }
    return pointer.target
  }

  private func number(_ member: BTFType.Member, _ btf: BTF, _ place: Place) throws(ObjectError) -> UInt32 {
    guard let pointer = btf.resolve(member.typeID), pointer.kind == .pointer, let array = btf.type(pointer.target), array.kind == .array
    else {
      throw place.error("'\(member.name)' is no number in a type; write __uint(\(member.name), ...)")
    }
    return UInt32(truncatingIfNeeded: array.arrayCount)
  }

  /// A 64-bit number: `__ulong` makes it an enumerator, of an enumeration that the member is.
  private func wideNumber(_ member: BTFType.Member, _ btf: BTF, _ place: Place) throws(ObjectError) -> UInt64 {
    if let type = btf.resolve(member.typeID), type.kind == .enumeration || type.kind == .enumeration64 {
      guard let first = type.enumerators.first else { throw place.error("'\(member.name)' is an enumeration without a value") }
      return UInt64(bitPattern: first.value)
    }
    return UInt64(try number(member, btf, place))
  }

  // MARK: Initial contents

  /// Reads the relocations of `.maps`: inner maps and programs that `values` lists.
  mutating func fillDeclaredMaps() throws(ObjectError) {
    guard let section = elf.sections.first(where: { $0.name == ObjectReader.declaredSection }), let btf,
      let relocations = relocationSections[section.index], let types = btf.find(section.name, kinds: [.dataSection])
    else { return }
    let declared = types.sectionVariables
    for relocation in try elf.relocations(in: relocations) {
      let offset = Int(clamping: relocation.offset)
      guard let variable = declared.last(where: { $0.offset <= offset }), offset - variable.offset <= variable.size - 8,
        let index = declaredMaps[SectionPlace(section: section.index, offset: variable.offset)]
      else { throw ObjectError(.badRelocation, "it belongs to no map", section: relocations.name, offset: offset) }
      guard let symbol = elf.symbol(relocation.symbol) else {
        throw ObjectError(.badRelocation, "symbol \(relocation.symbol) of \(elf.symbolCount)", section: relocations.name, offset: offset)
      }
      let place = Place(map: maps[index].name, offset: offset)
      guard let definition = btf.type(variable.typeID).flatMap({ btf.resolve($0.target) }), let values = definition.members.last,
        values.name == "values", offset - variable.offset >= values.bitOffset / 8
      else { throw place.error("it refers to '\(elf.name(of: symbol))', but not in 'values'") }
      let key = UInt32(truncatingIfNeeded: (offset - variable.offset - values.bitOffset / 8) / 8)
      let value: MapSpec.Entry.Value
      let target = elf.view.u64(section.range.lowerBound + offset).map { Int(clamping: $0) } ?? 0
      let symbolOffset = Int(clamping: symbol.value)
      let targetOffset = symbolOffset.addingReportingOverflow(symbol.kind == ELFFile.Symbol.section ? target : 0).partialValue
      if maps[index].type.isMapOfMaps {
        guard let inner = declaredMaps[SectionPlace(section: symbol.section, offset: targetOffset)] else {
          throw place.error("'\(elf.name(of: symbol))' in 'values' is no map")
        }
        value = .map(inner)
      } else {
        guard targetOffset % 8 == 0, let function = functions.index(section: symbol.section, slot: targetOffset / 8),
          functions.all[function].start == targetOffset / 8
        else { throw place.error("'\(elf.name(of: symbol))' in 'values' is no program") }
        value = .program(functions.all[function].name)
      }
      let keyBytes = (0..<4).map { UInt8(truncatingIfNeeded: key >> UInt32(8 * (elf.view.isBigEndian ? 3 - $0 : $0))) }
      maps[index].contents.append(MapSpec.Entry(key: keyBytes, value: value))
    }
  }
}
