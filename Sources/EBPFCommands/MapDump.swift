import EBPFBTF
import EBPFHost
import EBPFISA
import EBPFObject
import EBPFTables

/// The entries of a map, decoded with the types that its author gave them.
struct MapDump {
  /// A key or value: its bytes and what they mean. Values of per-CPU maps have one of both for each processor.
  struct Part {
    var bytes: [UInt8]
    var value: BTFValue?

    var json: String { value?.json ?? "null" }
    var text: String { value?.text ?? BTFValue.hex(bytes) }
  }

  struct Entry {
    /// `nil` where the map has no keys (queues, stacks, ring buffers).
    var key: Part?
    var values: [Part]
  }

  let spec: MapSpec
  let isPerCPU: Bool
  var entries: [Entry] = []
  /// Why the entries cannot be listed, where they cannot.
  var problem: String?

  var name: String { spec.name }

  /// Reads all entries. Those of queues, stacks and ring buffers are taken out.
  init(_ map: Map, _ object: ObjectSpec) throws(HostError) {
    spec = map.spec
    isPerCPU = map.spec.type.isPerCPU
    let types = Decoder(object: object)
    do throws(HostError) {
      if map.spec.type == .ringbuf || map.spec.type == .userRingbuf {
        var records: [[UInt8]] = []
        _ = try map.drain { records.append([UInt8]($0)) }
        entries = records.map { Entry(key: nil, values: [types.part($0, map.spec.valueTypeID)]) }
      } else if map.spec.keySize == 0 {
        while let value = try map.lookupAndDelete([]) { entries.append(Entry(key: nil, values: [types.part(value, map.spec.valueTypeID)])) }
      } else {
        for (key, value) in try map.entries() {
          entries.append(
            Entry(
              key: types.part(key, map.spec.keyTypeID),
              values: values(value, map).map { types.part($0, map.spec.valueTypeID) }))
        }
        // Hashes have no order of their own, and give another one each time.
        if !map.spec.type.isArray {
          entries.sort { ($0.key?.bytes ?? []).lexicographicallyPrecedes($1.key?.bytes ?? []) }
        }
      }
    } catch {
      // Some types hold what only the kernel can read; the others are listed all the same.
      guard error.code != .closed else { throw error }
      problem = error.message
    }
  }

  /// A value's bytes, one element for each processor of a per-CPU map.
  private func values(_ bytes: [UInt8], _ map: Map) -> [[UInt8]] {
    guard isPerCPU, map.processorCount > 0, bytes.count % map.processorCount == 0 else { return [bytes] }
    let stride = bytes.count / map.processorCount
    return (0..<map.processorCount).map { Array(bytes[$0 * stride..<$0 * stride + min(stride, map.spec.valueSize)]) }
  }

  // MARK: JSON

  /// An array of objects with key, value, keyHex and valueHex.
  var json: String {
    JSONText.array(
      entries.map { entry in
        JSONText.object([
          ("key", entry.key?.json ?? "null"), ("value", list(entry.values.map(\.json))),
          ("keyHex", JSONText.string(BTFValue.hex(entry.key?.bytes ?? []))),
          ("valueHex", list(entry.values.map { JSONText.string(BTFValue.hex($0.bytes)) })),
        ])
      })
  }

  private func list(_ parts: [String]) -> String { isPerCPU ? JSONText.array(parts) : parts.first ?? "null" }

  // MARK: Text

  var text: String {
    if spec.dataSection != nil { return dataText }
    // Arrays have all their elements from the start: those that are still zero say nothing.
    let shown = spec.type.isArray ? entries.filter { $0.values.contains { $0.bytes.contains { $0 != 0 } } } : entries
    var facts = [spec.type.description]
    if spec.type.isArray {
      facts.append("\(spec.maxEntries) entries" + (shown.count < entries.count ? ", \(entries.count - shown.count) of them zero" : ""))
    } else if spec.type == .ringbuf {
      facts.append("\(entries.count) records")
    } else {
      facts.append("\(entries.count) of \(spec.maxEntries) entries")
    }
    let title = Paint.bold(name) + "  " + Paint.dim(facts.joined(separator: ", "))
    if let problem { return title + "\n  " + Paint.yellow(problem) }
    return shown.isEmpty ? title : title + "\n" + table(shown).text(indent: 2)
  }

  /// A data section as one line a variable.
  private var dataText: String {
    let title = Paint.bold(name)
    guard let part = entries.first?.values.first else { return title }
    guard case .structure(let fields)? = part.value, !fields.isEmpty else {
      return "\(title)  \(part.bytes.count) bytes" + (part.bytes.contains { $0 != 0 } ? "\n\(HexDump.text(part.bytes))" : ", all zero")
    }
    return title + fields.map { "\n  \($0.name) = \(limited($0.value.text))" }.joined()
  }

  private func limited(_ text: String) -> String { text.utf8.count > 400 ? text.prefix(397) + "..." : text }

  private func table(_ shown: [Entry]) -> Table {
    let hasKeys = shown.contains { $0.key != nil }
    // Structures whose fields are plain become columns.
    let columns = fieldNames(shown)
    var titles = hasKeys ? ["key"] : []
    if isPerCPU { titles.append(" cpu") }
    titles += columns?.map { " " + $0 } ?? ["value"]
    var table = Table(titles)
    for entry in shown {
      for (processor, value) in entry.values.enumerated() {
        if isPerCPU, !value.bytes.contains(where: { $0 != 0 }), entry.values.contains(where: { $0.bytes.contains { $0 != 0 } }) { continue }
        var row = hasKeys ? [limited(entry.key?.text ?? "")] : []
        if isPerCPU { row.append("\(processor)") }
        if columns != nil, case .structure(let fields)? = value.value {
          row += fields.map(\.value.text)
        } else {
          row.append(limited(value.text))
        }
        table.add(row)
      }
    }
    return table
  }

  private func fieldNames(_ shown: [Entry]) -> [String]? {
    guard case .structure(let fields)? = shown.first?.values.first?.value, !fields.isEmpty, fields.count <= 8 else { return nil }
    for field in fields {
      switch field.value {
      case .structure, .array, .bytes: return nil
      default: continue
      }
    }
    let names = fields.map(\.name)
    let agree = shown.allSatisfy { entry in
      entry.values.allSatisfy {
        if case .structure(let other)? = $0.value { other.map(\.name) == names } else { false }
      }
    }
    return agree ? names : nil
  }

  // MARK: Types

  private struct Decoder {
    let object: ObjectSpec

    /// Bytes as their type says; where there is none, as an unsigned number of 1, 2, 4 or 8 bytes.
    func part(_ bytes: [UInt8], _ type: BTF.TypeID) -> Part {
      if type != 0, let value = try? object.btf?.value(of: bytes, as: type, isBigEndian: object.byteOrder == .big), value != .null {
        return Part(bytes: bytes, value: value)
      }
      guard [1, 2, 4, 8].contains(bytes.count) else { return Part(bytes: bytes, value: nil) }
      let ordered = object.byteOrder == .big ? bytes : bytes.reversed()
      return Part(bytes: bytes, value: .unsigned(ordered.reduce(0) { $0 << 8 | UInt128($1) }))
    }
  }
}

extension MapType {
  /// Whether each processor has values of its own.
  var isPerCPU: Bool { [.percpuHash, .percpuArray, .lruPercpuHash, .percpuCgroupStorage].contains(self) }

  /// Whether all elements are there from the start.
  var isArray: Bool { [.array, .percpuArray].contains(self) }
}
