internal import EBPFBTF
internal import EBPFObject
@_spi(Reflection) import Swift

/// How a type of the application lies in memory, and whether that is what a program's own type says.
struct RecordLayout {
  /// A stored property.
  struct Field {
    var name: String
    var offset: Int
    var size: Int
    var type: any Any.Type
  }

  let type: any Any.Type
  let size: Int
  let stride: Int
  /// The stored properties; none of what reflection does not look into: numbers, enums, arrays of a fixed size, structs of C.
  let fields: [Field]

  init<Record>(_ type: Record.Type) {
    self.init(opening: type, size: MemoryLayout<Record>.size, stride: MemoryLayout<Record>.stride)
  }

  private init(opening type: any Any.Type, size: Int, stride: Int) {
    self.type = type
    self.size = size
    self.stride = stride
    var fields: [Field] = []
    // Integers hold a value of the compiler's own.
    if !(type is any BinaryInteger.Type), !(type is any BinaryFloatingPoint.Type), type != Bool.self {
      _forEachField(of: type) { name, offset, fieldType, _ in
        fields.append(Field(name: String(cString: name), offset: offset, size: Self.size(of: fieldType), type: fieldType))
        return true
      }
    }
    self.fields = fields
  }

  private static func size(of type: any Any.Type) -> Int {
    func size<Opened>(_: Opened.Type) -> Int { MemoryLayout<Opened>.size }
    return _openExistential(type, do: size)
  }

  private static func layout(of type: any Any.Type) -> RecordLayout {
    func layout<Opened>(_ type: Opened.Type) -> RecordLayout { RecordLayout(type) }
    return _openExistential(type, do: layout)
  }

  /// The bytes, of the first `byteCount`, that belong to no field: what programs keep zero, and keys are compared with.
  func padding(upTo byteCount: Int) -> [Range<Int>] {
    var used = [Bool](repeating: false, count: byteCount)
    mark(&used, at: 0)
    var result: [Range<Int>] = []
    for index in used.indices where !used[index] {
      if let last = result.last, last.upperBound == index {
        result[result.count - 1] = last.lowerBound..<index + 1
      } else {
        result.append(index..<index + 1)
      }
    }
    return result
  }

  private func mark(_ used: inout [Bool], at base: Int) {
    if fields.isEmpty { for index in base..<max(base, min(base + size, used.count)) { used[index] = true } }
    for field in fields { Self.layout(of: field.type).mark(&used, at: base + field.offset) }
  }

  // MARK: Against a program's types

  /// What does not agree with a program's type of the same size; `nil` where nothing is known to.
  ///
  /// Fields of one name must lie at one place; a field of another name must not lie across the borders of the program's fields.
  func disagreement(with btf: BTF, _ id: BTF.TypeID) -> String? {
    if let name = btf.networkTypeName(of: id), type is any FixedWidthInteger.Type {
      return "it is a \(name) there, in network byte order, and \(type) is in the machine's: use \(name)"
    }
    guard let theirs = btf.resolve(id) else { return nil }
    return disagreement(with: theirs, in: btf, depth: 0)
  }

  private func disagreement(with theirs: BTFType, in btf: BTF, depth: Int) -> String? {
    guard theirs.kind == .structure, !fields.isEmpty, depth < 16 else { return nil }
    let members = theirs.members
    let name = theirs.name.isEmpty ? "the program's structure" : "the program's '\(theirs.name)'"
    for field in fields {
      let ours = "'\(field.name)' of \(type) (\(field.size) bytes at \(field.offset))"
      if let member = members.first(where: { $0.name == field.name && $0.bitFieldSize == 0 }) {
        guard let size = btf.size(of: member.typeID) else { continue }
        guard member.bitOffset == 8 * field.offset, size == field.size || size == Self.layout(of: field.type).stride else {
          return "\(ours) has \(size) bytes at \(member.bitOffset / 8) in \(name)"
        }
        if let inner = btf.resolve(member.typeID) {
          if let reason = Self.layout(of: field.type).disagreement(with: inner, in: btf, depth: depth + 1) { return reason }
        }
        continue
      }
      for member in members where member.bitFieldSize == 0 {
        guard let size = btf.size(of: member.typeID), let kind = btf.resolve(member.typeID)?.kind else { continue }
        let start = member.bitOffset / 8
        let overlaps = start < field.offset + field.size && field.offset < start + size
        let isInside = start >= field.offset && start + size <= field.offset + field.size
        if overlaps, !isInside, kind != .structure, kind != .union, kind != .array {
          return "\(ours) lies across '\(member.name)' (\(size) bytes at \(start)) of \(name)"
        }
      }
    }
    return nil
  }
}

/// Bytes of a map to values of an application's type and back.
struct RecordCodec<Record: BitwiseCopyable>: Sendable {
  /// Bytes in the map.
  let byteCount: Int
  private let padding: [Range<Int>]

  /// - Parameters:
  ///   - what: `key`, `value`: for the message.
  ///   - byteCount: what the map has.
  /// - Throws: ``HostError`` with ``HostError/Code/badArgument``, naming the map, the sizes or the field, and what was asked for.
  init(_ type: Record.Type, of map: MapSpec, _ what: String, byteCount: Int, typeID: BTF.TypeID, in btf: BTF?) throws(HostError) {
    let layout = RecordLayout(type)
    guard layout.size == byteCount || layout.stride == byteCount else {
      let theirs = btf.flatMap { btf in btf.resolve(typeID).map(\.name).flatMap { $0.isEmpty ? nil : " (\($0))" } } ?? ""
      throw HostError(
        .badArgument, "map '\(map.name)': a \(what) has \(byteCount) bytes\(theirs); \(Record.self) has \(layout.size)")
    }
    if typeID != 0, let btf, let reason = layout.disagreement(with: btf, typeID) {
      throw HostError(.badArgument, "map '\(map.name)': the \(what): \(reason)")
    }
    self.byteCount = byteCount
    padding = layout.padding(upTo: byteCount)
  }

  /// The bytes of a value, those between its fields zero.
  func bytes(_ record: Record) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      withUnsafeBytes(of: record) { record in
        let raw = UnsafeMutableRawBufferPointer(buffer)
        let present = min(record.count, byteCount)
        raw.copyMemory(from: UnsafeRawBufferPointer(rebasing: record[..<present]))
        for index in present..<byteCount { raw[index] = 0 }
        for range in padding { for index in range { raw[index] = 0 } }
      }
      count = byteCount
    }
  }

  /// The value whose bytes these are.
  func value(_ bytes: [UInt8], at offset: Int = 0) -> Record {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Record.self) }
  }
}
