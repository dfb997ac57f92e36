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
    case "IPv4Address": return .spelled(raw.map { "\($0)" }.joined(separator: "."))
    case "IPv6Address": return .spelled(address6(raw))
    case "MACAddress": return .spelled(raw.map { BTFValue.hex([$0]) }.joined(separator: ":"))
    case "EtherType", "InternetChecksum": return .spelled("0x" + BTFValue.hex(raw))
    default: return .unsigned(raw.reduce(0) { $0 << 8 | UInt128($1) })
    }
  }

  /// RFC 5952: the longest run of zero groups, of two at least, is left out.
  private static func address6(_ bytes: [UInt8]) -> String {
    let groups = (0..<8).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
    if groups[..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xffff {
      return "::ffff:" + bytes[12...].map { "\($0)" }.joined(separator: ".")
    }
    var longest = 0..<0
    var start = 0
    while start < 8 {
      let end = groups[start...].firstIndex { $0 != 0 } ?? 8
      if end - start > max(longest.count, 1) { longest = start..<end }
      start = max(end, start) + 1
    }
    func text(_ range: Range<Int>) -> String { groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
    return longest.isEmpty ? text(0..<8) : text(0..<longest.lowerBound) + "::" + text(longest.upperBound..<8)
  }
}
