public import EBPFTypes

/// A packet built in code, layer by layer from the outside in. Lengths, checksums and the types of what follows are filled in.
/// ```swift
/// let query = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.53").udp(from: 4000, to: 53).payload("…")
/// ```
/// ``set(_:at:)`` and ``truncated(to:)`` spoil a packet where a test asks for one that lies.
public struct TestPacket: Sendable, Hashable {
  private var layers: [Layer]
  private var edits: [Edit] = []
  private var limit: Int?
  private var minimum = 0

  private struct Edit: Sendable, Hashable {
    var offset: Int
    var bytes: [UInt8]
  }

  /// A packet without a link layer: begins with what is added next.
  public init() { layers = [] }

  /// A packet of bytes as they are.
  public init(bytes: [UInt8]) { layers = [.payload(bytes)] }

  /// An Ethernet frame; what follows decides its type.
  public static func ethernet(
    from source: MACAddress = MACAddress(2, 0, 0, 0, 0, 1), to destination: MACAddress = MACAddress(2, 0, 0, 0, 0, 2),
    type: EtherType? = nil
  ) -> TestPacket {
    TestPacket().adding(.ethernet(source: source, destination: destination, type: type))
  }

  /// A VLAN tag; of a service provider where `isService` (IEEE 802.1ad).
  public func vlan(_ identifier: UInt16, priority: UInt8 = 0, isService: Bool = false) -> TestPacket {
    adding(.vlan(control: UInt16(priority & 7) << 13 | identifier & 0xfff, isService: isService))
  }

  /// An ARP packet for IPv4 over Ethernet; operation 1 asks, 2 answers.
  public func arp(
    operation: UInt16 = 1, sender: (MACAddress, IPv4Address), target: (MACAddress, IPv4Address)
  ) -> TestPacket {
    adding(
      .payload(
        [0, 1, 8, 0, 6, 4] + big(operation) + memory(of: sender.0) + memory(of: sender.1) + memory(of: target.0) + memory(of: target.1),
        type: .arp))
  }

  /// An IPv4 header. Options are padded to a multiple of four bytes.
  public func ipv4(
    from source: IPv4Address, to destination: IPv4Address, protocol: IPProtocol? = nil, timeToLive: UInt8 = 64, typeOfService: UInt8 = 0,
    identification: UInt16 = 0, dontFragment: Bool = true, moreFragments: Bool = false, fragmentOffset: Int = 0, options: [UInt8] = []
  ) -> TestPacket {
    let fragment = UInt16(dontFragment ? 0x4000 : 0) | UInt16(moreFragments ? 0x2000 : 0) | UInt16(truncatingIfNeeded: fragmentOffset / 8)
    return adding(
      .ipv4(
        IPv4Header(
          versionAndLength: 0, typeOfService: typeOfService, totalLength: 0, identification: BigEndian(identification),
          fragment: BigEndian(fragment), timeToLive: timeToLive, protocol: `protocol` ?? IPProtocol(rawValue: 255), checksum: .none,
          source: source, destination: destination), options: options, isFixed: `protocol` != nil))
  }

  /// As ``ipv4(from:to:protocol:timeToLive:typeOfService:identification:dontFragment:moreFragments:fragmentOffset:options:)``, with the
  /// addresses as text.
  public func ipv4(from source: String, to destination: String, timeToLive: UInt8 = 64) -> TestPacket {
    ipv4(from: address(source), to: address(destination), timeToLive: timeToLive)
  }

  /// An IPv6 header.
  public func ipv6(
    from source: IPv6Address, to destination: IPv6Address, nextHeader: IPProtocol? = nil, hopLimit: UInt8 = 64, trafficClass: UInt8 = 0,
    flowLabel: UInt32 = 0
  ) -> TestPacket {
    let first = UInt32(6) << 28 | UInt32(trafficClass) << 20 | flowLabel & 0xf_ffff
    return adding(
      .ipv6(
        IPv6Header(
          versionClassAndFlow: BigEndian(first), payloadLength: 0, nextHeader: nextHeader ?? .noNextHeader, hopLimit: hopLimit,
          source: source, destination: destination), isFixed: nextHeader != nil))
  }

  /// As ``ipv6(from:to:nextHeader:hopLimit:trafficClass:flowLabel:)``, with the addresses as text.
  public func ipv6(from source: String, to destination: String, hopLimit: UInt8 = 64) -> TestPacket {
    guard let source = IPv6Address(source), let destination = IPv6Address(destination) else {
      preconditionFailure("'\(source)' or '\(destination)' is no IPv6 address")
    }
    return ipv6(from: source, to: destination, hopLimit: hopLimit)
  }

  /// An IPv6 extension header of options: `hopByHopOptions`, `destinationOptions` or `routing`. Padded to a multiple of eight bytes.
  public func ipv6Extension(_ kind: IPProtocol, _ body: [UInt8] = []) -> TestPacket { adding(.ipv6Extension(kind: kind, body: body)) }

  /// An IPv6 fragment header.
  public func ipv6Fragment(offset: Int = 0, moreFragments: Bool = false, identification: UInt32 = 0) -> TestPacket {
    adding(.ipv6Fragment(offset: UInt16(offset / 8) << 3 | (moreFragments ? 1 : 0), identification: identification))
  }

  /// A TCP header. Options are padded to a multiple of four bytes.
  public func tcp(
    from source: Port, to destination: Port, flags: TCPFlags = [.ack], sequence: UInt32 = 1, acknowledgment: UInt32 = 0,
    window: UInt16 = 65535, options: [UInt8] = []
  ) -> TestPacket {
    adding(
      .tcp(
        TCPHeader(
          sourcePort: source, destinationPort: destination, sequence: BigEndian(sequence), acknowledgment: BigEndian(acknowledgment),
          offsetAndFlags: BigEndian(UInt16(flags.rawValue)), window: BigEndian(window), checksum: .none, urgentPointer: 0),
        options: options))
  }

  /// A UDP header; over IPv4 the checksum may be left out.
  public func udp(from source: Port, to destination: Port, hasChecksum: Bool = true) -> TestPacket {
    adding(.udp(source: source, destination: destination, hasChecksum: hasChecksum))
  }

  /// An ICMP message (ICMPv6 inside IPv6): type, code and the four bytes behind the checksum.
  public func icmp(type: UInt8, code: UInt8 = 0, rest: UInt32 = 0) -> TestPacket { adding(.icmp(type: type, code: code, rest: rest)) }

  /// An echo request, of ICMP in IPv4 and of ICMPv6 in IPv6.
  public func ping(identifier: UInt16 = 1, sequence: UInt16 = 1) -> TestPacket {
    let isIPv6 = layers.contains { if case .ipv6 = $0 { true } else { false } }
    return icmp(type: isIPv6 ? 128 : 8, rest: UInt32(identifier) << 16 | UInt32(sequence))
  }

  /// A GRE header, with a key where one is given.
  public func gre(key: UInt32? = nil) -> TestPacket { adding(.gre(key: key)) }

  /// A VXLAN header.
  public func vxlan(_ identifier: UInt32) -> TestPacket { adding(.payload([8, 0, 0, 0] + big(identifier << 8))) }

  /// An Ethernet frame inside a tunnel.
  public func innerEthernet(
    from source: MACAddress = MACAddress(2, 0, 0, 0, 0, 3), to destination: MACAddress = MACAddress(2, 0, 0, 0, 0, 4)
  ) -> TestPacket {
    adding(.ethernet(source: source, destination: destination, type: nil))
  }

  /// Bytes as they are.
  public func payload(_ bytes: [UInt8]) -> TestPacket { adding(.payload(bytes)) }

  /// The bytes of a text, in UTF-8.
  public func payload(_ text: String) -> TestPacket { adding(.payload(Array(text.utf8))) }

  /// So many bytes of payload, 0, 1, 2 and so on.
  public func payload(count: Int) -> TestPacket { adding(.payload((0..<count).map { UInt8(truncatingIfNeeded: $0) })) }

  /// Puts bytes over those at an offset, after everything else is filled in.
  public func set(_ bytes: [UInt8], at offset: Int) -> TestPacket {
    var packet = self
    packet.edits.append(Edit(offset: offset, bytes: bytes))
    return packet
  }

  /// The packet cut after so many bytes; its headers say what they said.
  public func truncated(to count: Int) -> TestPacket {
    var packet = self
    packet.limit = count
    return packet
  }

  /// The packet with zero bytes behind it up to a size, as Ethernet pads to 60.
  public func padded(to count: Int = 60) -> TestPacket {
    var packet = self
    packet.minimum = count
    return packet
  }

  private func adding(_ layer: Layer) -> TestPacket {
    var packet = self
    packet.layers.append(layer)
    return packet
  }

  private func address(_ text: String) -> IPv4Address {
    guard let address = IPv4Address(text) else { preconditionFailure("'\(text)' is no IPv4 address") }
    return address
  }

  /// The packet.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for index in layers.indices.reversed() {
      bytes = layers[index].bytes(inside: layers[..<index], before: layers[(index + 1)...], around: bytes)
    }
    if bytes.count < minimum { bytes += [UInt8](repeating: 0, count: minimum - bytes.count) }
    for edit in edits where edit.offset >= 0 && edit.offset < bytes.count {
      for (place, byte) in zip(edit.offset..<bytes.count, edit.bytes) { bytes[place] = byte }
    }
    if let limit, limit < bytes.count { bytes.removeSubrange(max(0, limit)...) }
    return bytes
  }

  /// Packets are equal where their bytes are.
  public static func == (a: TestPacket, b: TestPacket) -> Bool { a.bytes == b.bytes }

  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
