import EBPFTypes

/// The types of packets that programs in Swift share with applications (`EBPFTypes`): their bytes are in network byte order, whatever the
/// machine's, and a number in the machine's order says nothing.
///
/// They are known by the name, the size and the one member of their structure.
enum NetworkValues {
  /// A value as it is usually written; `nil` where the structure is none of these types.
  static func value(of type: BTFType, bytes: (Int) -> UInt8?) -> BTFValue? {
    guard let size = type.statedSize, size <= 16 else { return nil }
    let members = type.members
    guard members.count == 1, let member = members.first else { return nil }
    let known: Bool
    switch (type.name, size) {
    case ("IPv4Address", 4), ("Port", 2), ("EtherType", 2), ("InternetChecksum", 2): known = member.name == "bytes"
    case ("IPv6Address", 16), ("MACAddress", 6): known = member.name == "words"
    case (let name, 1), (let name, 2), (let name, 4), (let name, 8): known = name.hasPrefix("BigEndian") && member.name == "bytes"
    default: known = false
    }
    guard known else { return nil }
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

  /// The value whose memory these bytes are.
  private static func memory<Value: BitwiseCopyable>(_ bytes: [UInt8], as type: Value.Type) -> Value {
    bytes.withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
  }
}
