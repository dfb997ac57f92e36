// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// From one header to the next: each step checks what the header before says and where the packet ends.

extension Packet {
  /// The Ethernet header at the start.
  @inline(__always)
  public var ethernet: Header<EthernetHeader>? { header() }
}

/// A header that says with an EtherType what follows it.
public protocol EtherTypeHeader: PacketHeader {
  var type: EtherType { get }
}

extension EthernetHeader: EtherTypeHeader {}
extension VLANHeader: EtherTypeHeader {}

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

extension Header where Layout == IPv4Header {
  /// What the packet carries, behind the header and its options.
  @inline(__always)
  public var payload: Packet { Packet(start: UnsafeMutableRawPointer(pointer) + pointer.pointee.headerLength, end: end) }

  /// The TCP header, of a packet that carries one. Of a fragment: only the first has one (``isFragment``).
  @inline(__always)
  public var tcp: Header<TCPHeader>? { pointer.pointee.protocol == .tcp ? payload.header() : nil }

  /// The UDP header, of a packet that carries one.
  @inline(__always)
  public var udp: Header<UDPHeader>? { pointer.pointee.protocol == .udp ? payload.header() : nil }

  /// The ICMP header, of a packet that carries one.
  @inline(__always)
  public var icmp: Header<ICMPHeader>? { pointer.pointee.protocol == .icmp ? payload.header() : nil }

  /// The GRE header, of a packet that carries one.
  @inline(__always)
  public var gre: Header<GREHeader>? { pointer.pointee.protocol == .gre ? payload.header() : nil }
}
