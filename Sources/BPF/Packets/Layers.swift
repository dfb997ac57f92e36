// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// From one header to the next: each step checks what the header before says and where the packet ends.

/// A header that says with an EtherType what follows it.
public protocol EtherTypeHeader: PacketHeader {
  var type: EtherType { get }
}

extension EthernetHeader: EtherTypeHeader {}
extension VLANHeader: EtherTypeHeader {}

extension Packet {
  /// The Ethernet header of a frame.
  @inline(__always)
  public var ethernet: Header<EthernetHeader>? { header() }

  /// The IPv4 header of a frame, right behind the Ethernet header.
  @inline(__always)
  public var ipv4: Header<IPv4Header>? { ethernet?.ipv4 }

  /// The IPv6 header of a frame, right behind the Ethernet header.
  @inline(__always)
  public var ipv6: Header<IPv6Header>? { ethernet?.ipv6 }
}

extension Header where Layout: EtherTypeHeader {
  /// The VLAN tag behind this header, of IEEE 802.1Q or 802.1ad.
  @inline(__always)
  public var vlan: Header<VLANHeader>? { pointer.pointee.type.isVLAN ? following.header() : nil }

  /// The IPv4 header behind this header.
  @inline(__always)
  public var ipv4: Header<IPv4Header>? { pointer.pointee.type == .ipv4 ? following.header() : nil }

  /// The IPv6 header behind this header.
  @inline(__always)
  public var ipv6: Header<IPv6Header>? { pointer.pointee.type == .ipv6 ? following.header() : nil }

  /// The ARP packet behind this header.
  @inline(__always)
  public var arp: Header<ARPHeader>? { pointer.pointee.type == .arp ? following.header() : nil }
}

extension Header where Layout == EthernetHeader {
  /// What the frame carries, behind up to two VLAN tags.
  @inline(__always)
  public var untagged: NetworkLayer? {
    var layer = NetworkLayer(type: pointer.pointee.type, vlan: nil, payload: following)
    for _ in 0..<2 where layer.type.isVLAN {
      guard let tag: Header<VLANHeader> = layer.payload.header() else { return nil }
      if layer.vlan == nil { layer.vlan = tag.pointer.pointee.identifier }
      layer.type = tag.pointer.pointee.type
      layer.payload = tag.following
    }
    return layer
  }
}

/// What a frame carries behind its VLAN tags.
@frozen
public struct NetworkLayer {
  /// What it is.
  public var type: EtherType
  /// The VLAN of the outer tag, if there was one.
  public var vlan: UInt16?
  /// Its bytes.
  public var payload: Packet

  @inline(__always)
  init(type: EtherType, vlan: UInt16?, payload: Packet) {
    self.type = type
    self.vlan = vlan
    self.payload = payload
  }

  /// The IPv4 header, if it is one.
  @inline(__always)
  public var ipv4: Header<IPv4Header>? { type == .ipv4 ? payload.header() : nil }
  /// The IPv6 header, if it is one.
  @inline(__always)
  public var ipv6: Header<IPv6Header>? { type == .ipv6 ? payload.header() : nil }
  /// The ARP packet, if it is one.
  @inline(__always)
  public var arp: Header<ARPHeader>? { type == .arp ? payload.header() : nil }
}

extension Header where Layout == IPv4Header {
  /// What the packet carries, behind the header and its options.
  @inline(__always)
  public var payload: Packet { Packet(start: cbpf_packet_part(pointer, UInt(bitPattern: pointer.pointee.headerLength)), end: end) }

  /// The options, of a header that is longer than 20 bytes: from ``following``'s start, `headerLength - 20` bytes.
  @inline(__always)
  public var hasOptions: Bool { pointer.pointee.versionAndLength & 15 > 5 }

  /// The TCP header, of a packet that carries one. Of fragments, only the first has one: see ``isFragment``.
  @inline(__always)
  public var tcp: Header<TCPHeader>? { pointer.pointee.protocol == .tcp ? payload.header() : nil }

  /// The UDP header, of a packet that carries one. Of fragments, only the first has one: see ``isFragment``.
  @inline(__always)
  public var udp: Header<UDPHeader>? { pointer.pointee.protocol == .udp ? payload.header() : nil }

  /// The ICMP header, of a packet that carries one.
  @inline(__always)
  public var icmp: Header<ICMPHeader>? { pointer.pointee.protocol == .icmp ? payload.header() : nil }

  /// The GRE header, of a packet that carries one.
  @inline(__always)
  public var gre: Header<GREHeader>? { pointer.pointee.protocol == .gre ? payload.header() : nil }
}

extension Header where Layout == IPv6Header {
  /// What lies behind the fixed header: the first extension header, or what the packet carries.
  @inline(__always)
  public var payload: Packet { following }

  /// The TCP header, where it follows at once: without extension headers. With them: ``upper``.
  @inline(__always)
  public var tcp: Header<TCPHeader>? { pointer.pointee.nextHeader == .tcp ? following.header() : nil }

  /// The UDP header, where it follows at once: without extension headers. With them: ``upper``.
  @inline(__always)
  public var udp: Header<UDPHeader>? { pointer.pointee.nextHeader == .udp ? following.header() : nil }

  /// The ICMPv6 header, where it follows at once: without extension headers. With them: ``upper``.
  @inline(__always)
  public var icmpv6: Header<ICMPv6Header>? { pointer.pointee.nextHeader == .icmpv6 ? following.header() : nil }

  /// What the packet carries, behind up to four extension headers (hop-by-hop, routing, destination options, fragment); `nil` where there
  /// are more or the packet ends in one.
  @inline(__always)
  public var upper: UpperLayer? {
    var layer = UpperLayer(protocol: pointer.pointee.nextHeader, isFragment: false, payload: following)
    for _ in 0..<4 {
      switch layer.protocol {
      case .hopByHopOptions, .routing, .destinationOptions:
        guard let option: Header<IPv6ExtensionHeader> = layer.payload.header() else { return nil }
        layer.protocol = option.pointer.pointee.nextHeader
        layer.payload = layer.payload.dropFirst(option.pointer.pointee.headerLength)
      case .fragment:
        guard let fragment: Header<IPv6FragmentHeader> = layer.payload.header() else { return nil }
        layer.protocol = fragment.pointer.pointee.nextHeader
        layer.isFragment = true
        layer.payload = fragment.following
      default: return layer
      }
    }
    switch layer.protocol {
    case .hopByHopOptions, .routing, .destinationOptions, .fragment: return nil
    default: return layer
    }
  }
}

/// What an IPv6 packet carries behind its extension headers.
@frozen
public struct UpperLayer {
  /// What it is.
  public var `protocol`: IPProtocol
  /// Whether the packet is a fragment: only the first has the upper layer's header.
  public var isFragment: Bool
  /// Its bytes.
  public var payload: Packet

  @inline(__always)
  init(protocol: IPProtocol, isFragment: Bool, payload: Packet) {
    self.protocol = `protocol`
    self.isFragment = isFragment
    self.payload = payload
  }

  /// The TCP header, if it is one.
  @inline(__always)
  public var tcp: Header<TCPHeader>? { self.protocol == .tcp ? payload.header() : nil }
  /// The UDP header, if it is one.
  @inline(__always)
  public var udp: Header<UDPHeader>? { self.protocol == .udp ? payload.header() : nil }
  /// The ICMPv6 header, if it is one.
  @inline(__always)
  public var icmpv6: Header<ICMPv6Header>? { self.protocol == .icmpv6 ? payload.header() : nil }
}

extension Header where Layout == TCPHeader {
  /// The data, behind the header and its options.
  @inline(__always)
  public var payload: Packet { Packet(start: cbpf_packet_part(pointer, UInt(bitPattern: pointer.pointee.headerLength)), end: end) }
}

extension Header where Layout == UDPHeader {
  /// The datagram's data.
  @inline(__always)
  public var payload: Packet { following }

  /// The VXLAN header behind this header, if the destination port is VXLAN's.
  @inline(__always)
  public var vxlan: Header<VXLANHeader>? { pointer.pointee.destinationPort == .vxlan ? following.header() : nil }
}

extension Header where Layout == VXLANHeader {
  /// The frame that is carried.
  @inline(__always)
  public var inner: Packet { following }
}

extension Header where Layout == GREHeader {
  /// The key, if there is one and the packet does not end before it.
  @inline(__always)
  public var key: UInt32? {
    guard pointer.pointee.hasKey else { return nil }
    return following.load(BigEndian<UInt32>.self, at: pointer.pointee.hasChecksum ? 4 : 0)?.value
  }

  /// What is carried, behind the header and its optional fields.
  @inline(__always)
  public var payload: Packet { Packet(start: cbpf_packet_part(pointer, UInt(bitPattern: pointer.pointee.headerLength)), end: end) }
}
