internal import EBPFBTF
internal import EBPFTables

/// Maps defined by records in a section `maps`, as before libbpf 1.0, in iproute2, in the kernel's old samples and in gobpf.
///
/// All records begin with type, key size, value size and number of elements, 32 bits each; what follows depends on whose record it is,
/// which only its size tells. A section has as many records as it has symbols.
extension ObjectReader {
  mutating func readLegacyMaps() throws(ObjectError) {
    for section in elf.sections where section.type == ELFFile.SectionType.programBits && isLegacyMaps(section.name) && section.size > 0 {
      var symbols: [ELFFile.Symbol] = []
      for index in 0..<elf.symbolCount {
        guard let symbol = elf.symbol(index), symbol.section == section.index,
          symbol.kind == ELFFile.Symbol.object || symbol.kind == ELFFile.Symbol.noType
        else { continue }
        symbols.append(symbol)
      }
      symbols.sort { ($0.value, $0.index) < ($1.value, $1.index) }
      var records: [(index: Int, record: LegacyRecord)] = []
      for (position, symbol) in symbols.enumerated() {
        let name = elf.name(of: symbol)
        guard let offset = Int(exactly: symbol.value), offset < section.range.count else {
          throw ObjectError(
            .badMap, "map '\(name)' is at 0x\(String(symbol.value, radix: 16)), outside the section's \(section.range.count) bytes",
            section: section.name)
        }
        let next = symbols[position...].first { $0.value > symbol.value }.map { Int(clamping: $0.value) } ?? section.range.count
        var size = Swift.min(next, section.range.count) - offset
        if symbol.size > 0 { size = Swift.min(size, Int(clamping: symbol.size)) }
        guard size >= 16 else {
          throw ObjectError(
            .badMap, "the record of map '\(name)' has \(size) bytes; type, key size, value size and number of elements take 16",
            section: section.name, offset: offset)
        }
        if declaredMaps[SectionPlace(section: section.index, offset: offset)] != nil { continue }
        let record = LegacyRecord(elf.view, section.range.lowerBound + offset, size: size)
        declaredMaps[SectionPlace(section: section.index, offset: offset)] = maps.count
        records.append((maps.count, record))
        maps.append(record.map(named: name))
      }
      resolveInnerMaps(records)
    }
  }

  private func isLegacyMaps(_ name: String) -> Bool { name == "maps" || name.hasPrefix("maps/") }

  /// Gives maps of maps their templates and contents, once all maps have an index.
  private mutating func resolveInnerMaps(_ records: [(index: Int, record: LegacyRecord)]) {
    for (outer, record) in records where maps[outer].type.isMapOfMaps {
      if record.form == .sample, record.words.count > 5 {
        // The template's place among the section's maps.
        let place = Int(record.words[5])
        if place < records.count, records[place].index != outer { maps[outer].inner = [template(records[place].index)] }
      } else if record.form == .iproute2, let id = record.innerID, id != 0 {
        for (inner, candidate) in records where candidate.id == id && inner != outer {
          if maps[outer].inner.isEmpty { maps[outer].inner = [template(inner)] }
          guard let key = candidate.innerIndex, key != UInt32.max else { continue }
          let bytes = (0..<4).map { UInt8(truncatingIfNeeded: key >> UInt32(8 * (elf.view.isBigEndian ? 3 - $0 : $0))) }
          maps[outer].contents.append(MapSpec.Entry(key: bytes, value: .map(inner)))
        }
      }
    }
  }

  private func template(_ index: Int) -> MapSpec {
    var map = maps[index]
    map.pinning = .none
    map.inner = []
    map.contents = []
    return map
  }
}

/// One record of a section `maps`.
struct LegacyRecord {
  /// Whose record it is.
  enum Form {
    /// `struct bpf_map_def` of libbpf before 1.0: 16 or 20 bytes, and anything longer that nobody else uses.
    case libbpf
    /// `struct bpf_map_def` of the kernel's samples: flags, index of the inner map, memory node; 24 or 28 bytes.
    case sample
    /// `struct bpf_elf_map` of iproute2: flags, id, pinning, inner id, inner index; 28 bytes before Linux 4.13, 36 since.
    case iproute2
    /// `struct bpf_map_def` of gobpf: flags, pinning, a namespace of 256 bytes.
    case gobpf
  }
  var form: Form
  /// The record's first nine numbers, as far as it has them.
  var words: [UInt32]

  init(_ view: ByteView, _ offset: Int, size: Int) {
    words = (0..<Swift.min(9, size / 4)).map { view.u32(offset + 4 * $0) ?? 0 }
    switch size {
    case 0..<24: form = .libbpf
    case 24..<28: form = .sample
    case 28..<32:
      // Both have seven numbers. An inner map's index needs a map of maps, a memory node its flag; else the sixth is an id, the seventh a pinning.
      let type = MapType(rawValue: words[0])
      let isSample = type.isMapOfMaps || words[4] & MapFlags.numaNode.rawValue != 0 || (words[5] == 0 && words[6] == 0)
      form = isSample || words[6] > 2 ? .sample : .iproute2
    case 32..<64: form = .iproute2
    case 276...: form = .gobpf
    default: form = .libbpf
    }
  }

  var id: UInt32? { form == .iproute2 && words.count > 5 ? words[5] : nil }
  var innerID: UInt32? { form == .iproute2 && words.count > 7 ? words[7] : nil }
  var innerIndex: UInt32? { form == .iproute2 && words.count > 8 ? words[8] : nil }

  func map(named name: String) -> MapSpec {
    var map = MapSpec(
      name: name, type: MapType(rawValue: words[0]), keySize: Int(words[1]), valueSize: Int(words[2]), maxEntries: Int(words[3]),
      flags: MapFlags(rawValue: words.count > 4 ? words[4] : 0))
    switch form {
    case .libbpf: break
    case .sample: if map.flags.contains(.numaNode), words.count > 6 { map.numaNode = Int(words[6]) }
    case .iproute2: if words.count > 6, words[6] != 0 { map.pinning = .other(words[6]) }
    case .gobpf: if words.count > 5, words[5] != 0 { map.pinning = .other(words[5]) }
    }
    return map
  }
}
