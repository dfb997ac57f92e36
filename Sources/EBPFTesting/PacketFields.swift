import EBPFTypes

/// A field of a packet as a reader knows it: its name, where it lies and what it says.
struct PacketField: Hashable {
  var name: String
  var range: Range<Int>
  var text: String
}

/// Takes a packet apart, for messages.
struct PacketFields {
  private let bytes: [UInt8]
  private(set) var fields: [PacketField] = []

  /// The fields of an Ethernet frame, as far as they are known; what is left is `payload`.
  init(ethernet bytes: [UInt8]) {
    self.bytes = bytes
    ethernet(at: 0, "eth")
  }

  private func number(_ at: Int, _ count: Int) -> UInt64 { bytes[at..<at + count].reduce(0) { $0 << 8 | UInt64($1) } }

  private func value<Value: BitwiseCopyable>(_ at: Int, as type: Value.Type = Value.self) -> Value {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: Value.self) }
  }

  private mutating func add(_ name: String, _ at: Int, _ count: Int, _ text: String) {
    fields.append(PacketField(name: name, range: at..<at + count, text: text))
  }

  private mutating func add(_ name: String, _ at: Int, _ count: Int) { add(name, at, count, String(number(at, count))) }

  private mutating func rest(_ at: Int, _ name: String = "payload") {
    if at < bytes.count { add(name, at, bytes.count - at, "\(bytes.count - at) bytes") }
  }

  private func holds(_ at: Int, _ count: Int) -> Bool { at + count <= bytes.count }

  private mutating func ethernet(at start: Int, _ name: String) {
    guard holds(start, 14) else { return rest(start) }
    add("\(name).destination", start, 6, "\(value(start, as: MACAddress.self))")
    add("\(name).source", start + 6, 6, "\(value(start + 6, as: MACAddress.self))")
    add("\(name).type", start + 12, 2, "\(value(start + 12, as: EtherType.self))")
    network(value(start + 12), at: start + 14)
  }

  private mutating func network(_ type: EtherType, at start: Int) {
    switch type {
    case .vlan, .serviceVLAN:
      guard holds(start, 4) else { return rest(start) }
      let control = number(start, 2)
      add("vlan.tag", start, 2, "\(control & 0xfff) (priority \(control >> 13))")
      add("vlan.type", start + 2, 2, "\(value(start + 2, as: EtherType.self))")
      network(value(start + 2), at: start + 4)
    case .arp:
      guard holds(start, 28) else { return rest(start) }
      add("arp.operation", start + 6, 2)
      add("arp.sender", start + 8, 10, "\(value(start + 8, as: MACAddress.self)) \(value(start + 14, as: IPv4Address.self))")
      add("arp.target", start + 18, 10, "\(value(start + 18, as: MACAddress.self)) \(value(start + 24, as: IPv4Address.self))")
      rest(start + 28)
    case .ipv4: ipv4(at: start)
    case .ipv6: ipv6(at: start)
    default: rest(start)
    }
  }

  private mutating func ipv4(at start: Int) {
    guard holds(start, 20) else { return rest(start) }
    let header = value(start, as: IPv4Header.self)
    add("ipv4.version and length", start, 1, "\(header.version), \(header.headerLength) bytes")
    add("ipv4.type of service", start + 1, 1)
    add("ipv4.total length", start + 2, 2)
    add("ipv4.identification", start + 4, 2)
    add("ipv4.fragment", start + 6, 2, "0x\(String(number(start + 6, 2), radix: 16))")
    add("ipv4.time to live", start + 8, 1)
    add("ipv4.protocol", start + 9, 1, "\(header.protocol)")
    add("ipv4.checksum", start + 10, 2, "\(header.checksum)")
    add("ipv4.source", start + 12, 4, "\(header.source)")
    add("ipv4.destination", start + 16, 4, "\(header.destination)")
    let end = start + max(20, header.headerLength)
    guard end <= bytes.count else { return rest(start + 20) }
    if end > start + 20 { add("ipv4.options", start + 20, end - start - 20, hexadecimal(bytes[(start + 20)..<end])) }
    if header.fragmentOffset > 0 { return rest(end) }
    transport(header.protocol, at: end)
  }

  private mutating func ipv6(at start: Int) {
    guard holds(start, 40) else { return rest(start) }
    let header = value(start, as: IPv6Header.self)
    add("ipv6.version, class and flow", start, 4, "0x\(String(number(start, 4), radix: 16))")
    add("ipv6.payload length", start + 4, 2)
    add("ipv6.next header", start + 6, 1, "\(header.nextHeader)")
    add("ipv6.hop limit", start + 7, 1)
    add("ipv6.source", start + 8, 16, "\(header.source)")
    add("ipv6.destination", start + 24, 16, "\(header.destination)")
    var kind = header.nextHeader
    var at = start + 40
    while [.hopByHopOptions, .routing, .destinationOptions, .fragment].contains(kind), holds(at, 8) {
      let count = kind == .fragment ? 8 : (Int(bytes[at + 1]) + 1) * 8
      guard holds(at, count) else { break }
      add("ipv6.extension \(kind)", at, count, hexadecimal(bytes[at..<at + count]))
      kind = IPProtocol(rawValue: bytes[at])
      at += count
    }
    transport(kind, at: at)
  }

  private mutating func transport(_ kind: IPProtocol, at start: Int) {
    switch kind {
    case .tcp:
      guard holds(start, 20) else { return rest(start) }
      let header = value(start, as: TCPHeader.self)
      add("tcp.source port", start, 2)
      add("tcp.destination port", start + 2, 2)
      add("tcp.sequence", start + 4, 4)
      add("tcp.acknowledgment", start + 8, 4)
      add("tcp.length and flags", start + 12, 2, "\(header.headerLength) bytes, 0x\(String(header.flags.rawValue, radix: 16))")
      add("tcp.window", start + 14, 2)
      add("tcp.checksum", start + 16, 2, "\(header.checksum)")
      add("tcp.urgent pointer", start + 18, 2)
      let end = start + max(20, header.headerLength)
      guard end <= bytes.count else { return rest(start + 20) }
      if end > start + 20 { add("tcp.options", start + 20, end - start - 20, hexadecimal(bytes[(start + 20)..<end])) }
      rest(end)
    case .udp:
      guard holds(start, 8) else { return rest(start) }
      add("udp.source port", start, 2)
      add("udp.destination port", start + 2, 2)
      add("udp.length", start + 4, 2)
      add("udp.checksum", start + 6, 2, "0x\(String(number(start + 6, 2), radix: 16))")
      rest(start + 8)
    case .icmp, .icmpv6:
      guard holds(start, 8) else { return rest(start) }
      add("icmp.type", start, 1)
      add("icmp.code", start + 1, 1)
      add("icmp.checksum", start + 2, 2, "0x\(String(number(start + 2, 2), radix: 16))")
      add("icmp.rest", start + 4, 4, "0x\(String(number(start + 4, 4), radix: 16))")
      rest(start + 8)
    case .ipv4: ipv4(at: start)
    case .ipv6: ipv6(at: start)
    default: rest(start)
    }
  }
}

/// Bytes as pairs of digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}
