import EBPFBTF
import EBPFHost
import EBPFISA
import EBPFObject
import EBPFTables

/// A map's listing, with the types that its author gave its keys and values.
///
/// Entries are read and decoded while they are written, so that a map of millions takes no memory here: in JSON all of them, as text the
/// first ones.
struct MapDump {
  /// A key or value: its bytes and what they mean. Values of per-CPU maps have one of both for each processor.
  private struct Part {
    var bytes: [UInt8]
    var value: BTFValue?

    var text: String { value?.text ?? BTFValue.hex(bytes) }

    func writeJSON(to result: inout String) { if let value { value.writeJSON(to: &result) } else { result += "null" } }

    func writeHex(to result: inout String) {
      result += "\""
      result += BTFValue.hex(bytes)
      result += "\""
    }
  }

  private struct Entry {
    /// `nil` where the map has no keys (queues, stacks, ring buffers).
    var key: Part?
    var values: [Part]
  }

  private let map: Map
  private let object: ObjectSpec

  private var spec: MapSpec { map.spec }
  private var isPerCPU: Bool { map.spec.type.isPerCPU }

  var name: String { map.spec.name }

  init(_ map: Map, _ object: ObjectSpec) {
    self.map = map
    self.object = object
  }

  // MARK: Entries

  /// Hands the bytes of the first entries to `body`. Those of queues, stacks and ring buffers are taken out, also the ones that are not shown.
  ///
  /// - Parameters:
  ///   - most: How many are handed over.
  ///   - skipsZeros: Leaves out elements of an array that are all zero.
  /// - Returns: how many entries there are, without those left out, and why not all could be read, where they could not: some types hold
  ///   what only the kernel can read.
  private func read(most: Int, skipsZeros: Bool, _ body: ([UInt8]?, [UInt8]) -> Void) throws(HostError) -> (count: Int, problem: String?) {
    var count = 0
    func found(_ key: [UInt8]?, _ value: [UInt8]) {
      count += 1
      if count <= most { body(key, value) }
    }
    do throws(HostError) {
      if spec.type == .ringbuf || spec.type == .userRingbuf {
        _ = try map.drain { found(nil, [UInt8]($0)) }
      } else if spec.keySize == 0 {
        while let value = try map.lookupAndDelete([]) { found(nil, value) }
      } else if spec.type.isArray {
        var indices: [Int] = []
        if skipsZeros {
          try map.visitNonzero {
            count += 1
            if count <= most { indices.append($0) }
          }
        }
        for index in 0..<(skipsZeros ? indices.count : min(most, spec.maxEntries)) {
          let key = withUnsafeBytes(of: UInt32(skipsZeros ? indices[index] : index)) { [UInt8]($0) }
          if let value = try map.lookup(key) { body(key, value) }
        }
        if !skipsZeros { count = spec.maxEntries }
      } else {
        for key in try map.sortedKeys() {
          if let value = try map.lookup(key) { found(key, value) }
        }
      }
    } catch {
      guard error.code != .closed else { throw error }
      return (count, error.message)
    }
    return (count, nil)
  }

  private func decoded(_ key: [UInt8]?, _ value: [UInt8]) -> Entry {
    Entry(key: key.map { part($0, spec.keyTypeID) }, values: map.processorValues(value).map { part($0, spec.valueTypeID) })
  }

  // MARK: JSON

  /// Writes an array of objects with key, value, keyHex and valueHex, of all entries.
  func writeJSON(to output: inout OutputBuffer) throws(HostError) {
    output.text += "["
    var isFirst = true
    _ = try read(most: .max, skipsZeros: false) { key, value in
      let entry = decoded(key, value)
      if !isFirst { output.text += "," }
      isFirst = false
      output.text += "{\"key\":"
      if let key = entry.key { key.writeJSON(to: &output.text) } else { output.text += "null" }
      output.text += ",\"value\":"
      list(entry.values, to: &output.text) { $0.writeJSON(to: &$1) }
      output.text += ",\"keyHex\":\""
      output.text += BTFValue.hex(entry.key?.bytes ?? [])
      output.text += "\",\"valueHex\":"
      list(entry.values, to: &output.text) { $0.writeHex(to: &$1) }
      output.text += "}"
      output.flushIfFull()
    }
    output.text += "]"
  }

  private func list(_ parts: [Part], to text: inout String, _ write: (Part, inout String) -> Void) {
    if isPerCPU { text += "[" }
    for (index, part) in parts.enumerated() {
      if index > 0 { text += "," }
      write(part, &text)
    }
    if isPerCPU { text += "]" }
  }

  // MARK: Text

  /// The listing as text, with at most so many entries (data sections are one entry, shown whole).
  func text(most: Int) throws(HostError) -> String {
    // Arrays have all their elements from the start: those that are still zero say nothing.
    let isArray = spec.type.isArray && spec.dataSection == nil
    var shown: [Entry] = []
    let (count, problem) = try read(most: spec.dataSection == nil ? most : 1, skipsZeros: isArray) { shown.append(decoded($0, $1)) }
    if spec.dataSection != nil { return dataText(shown.first?.values.first) }
    var facts = [spec.type.description]
    if isArray {
      facts.append("\(spec.maxEntries) entries" + (count < spec.maxEntries ? ", \(spec.maxEntries - count) of them zero" : ""))
    } else if spec.type == .ringbuf {
      facts.append("\(count) records")
    } else {
      facts.append("\(count) of \(spec.maxEntries) entries")
    }
    var lines = [Paint.bold(name) + "  " + Paint.dim(facts.joined(separator: ", "))]
    if !shown.isEmpty { lines.append(table(shown).text(indent: 2)) }
    if count > shown.count {
      lines.append("  " + Paint.dim("… and \(count - shown.count) more (--entries sets how many; --json lists all)"))
    }
    if let problem { lines.append("  " + Paint.yellow(problem)) }
    return lines.joined(separator: "\n")
  }

  /// A data section as one line a variable.
  private func dataText(_ part: Part?) -> String {
    let title = Paint.bold(name)
    guard let part else { return title }
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

  private func part(_ bytes: [UInt8], _ type: BTF.TypeID) -> Part { Part(bytes: bytes, value: object.value(of: bytes, as: type)) }
}
