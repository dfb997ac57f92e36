internal import EBPFBTF

/// The bytes of an object's types, rewritten as the kernel takes them (`kernel/bpf/btf.c`, `btf_check_all_metas`).
///
/// Type ids and string offsets stay as they are. What the kernel does not take: functions and variables that are only declared
/// (`extern`), and the section of those that the kernel itself has (`.ksyms`, where functions can stand among the variables).
struct TypeImage {
  private static let headerSize = 24

  private let btf: BTF

  /// An image of a BTF that stands alone, in this machine's byte order.
  init(_ btf: BTF) {
    self.btf = btf
  }

  /// The rewritten bytes.
  func bytes() -> [UInt8] {
    let source = btf.bytes
    let dropped = droppedTypes()
    var types: [UInt8] = []
    types.reserveCapacity(source.count)
    for id in btf.ownTypeIDs {
      guard let type = btf.type(id) else { continue }
      if dropped.contains(id) {
        // `const void`: the shortest type that stands for nothing in particular.
        append(&types, 0, UInt32(BTFKind.const.rawValue) << 24, 0)
        continue
      }
      let start = types.count
      types += source[type.offset..<type.offset + 12 + type.kind.extraBytes + type.kind.bytesPerElement * type.elementCount]
      // A setting of `.kconfig`: declared in the source, and defined by the loader.
      if type.kind == .variable, type.linkage == .extern { store(&types, start + 12, BTFType.Linkage.global.rawValue) }
    }
    let strings = btf.stringSection
    var result: [UInt8] = []
    result.reserveCapacity(Self.headerSize + types.count + strings.count)
    result += source[0..<4]
    append(&result, UInt32(Self.headerSize), 0, UInt32(types.count), UInt32(types.count), UInt32(strings.count))
    return result + types + strings
  }

  /// The section of the kernel's symbols, what it lists, functions that are only declared, and the tags on all these.
  private func droppedTypes() -> Set<BTF.TypeID> {
    var dropped: Set<BTF.TypeID> = []
    for id in btf.ownTypeIDs {
      guard let type = btf.type(id) else { continue }
      if type.kind == .function, type.linkage == .extern { dropped.insert(id) }
      guard type.kind == .dataSection, type.name == ".ksyms" else { continue }
      dropped.insert(id)
      for symbol in type.sectionVariables where btf.type(symbol.typeID)?.kind == .variable { dropped.insert(symbol.typeID) }
    }
    guard !dropped.isEmpty else { return [] }
    for id in btf.ownTypeIDs {
      if let type = btf.type(id), type.kind == .declarationTag, dropped.contains(type.target) { dropped.insert(id) }
    }
    return dropped
  }

  private func store(_ target: inout [UInt8], _ offset: Int, _ value: UInt32) {
    target.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: UInt32.self) }
  }

  private func append(_ target: inout [UInt8], _ values: UInt32...) {
    for value in values { withUnsafeBytes(of: value) { target += $0 } }
  }
}

extension BTF {
  /// The string section of a BTF that stands alone.
  var stringSection: ArraySlice<UInt8> {
    let bytes = bytes
    let view = ByteView(bytes, isBigEndian: isBigEndian)
    guard let header = view.u32(4), let offset = view.u32(16), let length = view.u32(20) else { return [] }
    let start = Int(header) + Int(offset)
    guard view.holds(start, Int(length)) else { return [] }
    return bytes[start..<start + Int(length)]
  }
}
