import EBPFTypes

/// The types of packets that programs in Swift share with applications (`EBPFTypes`): their bytes are in network byte order, whatever the
/// machine's, and a number in the machine's order says nothing.
///
/// They are known by the name, the size and the one member of their structure.
enum NetworkValues {
  /// A value as it is usually written; `nil` where the structure is none of these types.
  static func value(of type: BTFType, bytes: (Int) -> UInt8?) -> BTFValue? {
    guard let size = type.statedSize, isKnown(type) else { return nil }
    var raw: [UInt8] = []
    for index in 0..<size {
      guard let byte = bytes(index) else { return .null }
      raw.append(byte)
    }
    switch type.name {
    case "IPv4Address": return .spelled("\(memory(raw, as: IPv4Address.self))")
    case "IPv6Address": return .spelled("\(memory(raw, as: IPv6Address.self))")
    case "MACAddress": return .spelled("\(memory(raw, as: MACAddress.self))")
    case "EtherType", "InternetChecksum": return .spelled("0x" + BTFValue.hex(raw))
    default: return .unsigned(raw.reduce(0) { $0 << 8 | UInt128($1) })
    }
  }

  /// Whether a structure is one of these types.
  static func isKnown(_ type: BTFType) -> Bool {
    guard type.kind == .structure, let size = type.statedSize, size <= 16, type.elementCount == 1, let member = type.members.first else {
      return false
    }
    switch (type.name, size) {
    case ("IPv4Address", 4), ("Port", 2), ("EtherType", 2), ("InternetChecksum", 2): return member.name == "bytes"
    case ("IPv6Address", 16), ("MACAddress", 6): return member.name == "words"
    case (let name, 1), (let name, 2), (let name, 4), (let name, 8): return name.hasPrefix("BigEndian") && member.name == "bytes"
    default: return false
    }
  }

  /// The value whose memory these bytes are.
  private static func memory<Value: BitwiseCopyable>(_ bytes: [UInt8], as type: Value.Type) -> Value {
    bytes.withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
  }
}

extension BTF {
  /// The name of a type whose bytes are in network order, so that a number in the machine's order does not fit it: `Port`, `IPv4Address`.
  package func networkTypeName(of id: TypeID) -> String? {
    guard let type = resolve(id), NetworkValues.isKnown(type) else { return nil }
    return type.name
  }
}
