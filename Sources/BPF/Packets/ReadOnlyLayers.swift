// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The steps of Layers.swift in packets that may not be written.

extension Header {
  /// A header that may not be written, for steps that only read.
  @inline(__always)
  fileprivate init(reading header: ReadOnlyHeader<Layout>) {
    self.init(pointer: UnsafeMutablePointer(mutating: header.pointer), end: UnsafeMutableRawPointer(mutating: header.end))
  }
}

extension ReadOnlyHeader where Layout == IPv4Header {
  /// What the packet carries, behind the header and its options.
  @inline(__always)
  public var payload: ReadOnlyPacket {
    ReadOnlyPacket(start: UnsafeRawPointer(cbpf_packet_part(pointer, UInt(bitPattern: pointer.pointee.headerLength))), end: end)
  }

  /// The options, of a header that is longer than 20 bytes: from ``following``'s start, `headerLength - 20` bytes.
  @inline(__always)
  public var hasOptions: Bool { pointer.pointee.versionAndLength & 15 > 5 }

  /// The TCP header, of a packet that carries one. Of fragments, only the first has one: see ``isFragment``.
  @inline(__always)
  public var tcp: ReadOnlyHeader<TCPHeader>? { pointer.pointee.protocol == .tcp ? payload.header() : nil }

  /// The UDP header, of a packet that carries one. Of fragments, only the first has one: see ``isFragment``.
  @inline(__always)
  public var udp: ReadOnlyHeader<UDPHeader>? { pointer.pointee.protocol == .udp ? payload.header() : nil }

  /// The ICMP header, of a packet that carries one.
  @inline(__always)
  public var icmp: ReadOnlyHeader<ICMPHeader>? { pointer.pointee.protocol == .icmp ? payload.header() : nil }

  /// The GRE header, of a packet that carries one.
  @inline(__always)
  public var gre: ReadOnlyHeader<GREHeader>? { pointer.pointee.protocol == .gre ? payload.header() : nil }
}

extension ReadOnlyHeader where Layout == IPv6Header {
  /// What lies behind the fixed header: the first extension header, or what the packet carries.
  @inline(__always)
  public var payload: ReadOnlyPacket { following }

  /// The TCP header, where it follows at once: without extension headers. With them: ``upper``.
  @inline(__always)
  public var tcp: ReadOnlyHeader<TCPHeader>? { pointer.pointee.nextHeader == .tcp ? following.header() : nil }

  /// The UDP header, where it follows at once: without extension headers. With them: ``upper``.
  @inline(__always)
  public var udp: ReadOnlyHeader<UDPHeader>? { pointer.pointee.nextHeader == .udp ? following.header() : nil }

  /// The ICMPv6 header, where it follows at once: without extension headers. With them: ``upper``.
  @inline(__always)
  public var icmpv6: ReadOnlyHeader<ICMPv6Header>? { pointer.pointee.nextHeader == .icmpv6 ? following.header() : nil }

  /// What the packet carries, behind up to four extension headers (hop-by-hop, routing, destination options, fragment); `nil` where there
  /// are more or the packet ends in one.
  @inline(__always)
  public var upper: ReadOnlyUpperLayer? {
    guard let layer = Header(reading: self).upper else { return nil }
    return ReadOnlyUpperLayer(
      protocol: layer.protocol, isFragment: layer.isFragment,
      payload: ReadOnlyPacket(start: UnsafeRawPointer(layer.payload.start), end: UnsafeRawPointer(layer.payload.end)))
  }
}

/// What an IPv6 packet carries behind its extension headers.
@frozen
public struct ReadOnlyUpperLayer {
  /// What it is.
  public var `protocol`: IPProtocol
  /// Whether the packet is a fragment: only the first has the upper layer's header.
  public var isFragment: Bool
  /// Its bytes.
  public var payload: ReadOnlyPacket

  @inline(__always)
  init(protocol: IPProtocol, isFragment: Bool, payload: ReadOnlyPacket) {
    self.protocol = `protocol`
    self.isFragment = isFragment
    self.payload = payload
  }

  /// The TCP header, if it is one.
  @inline(__always)
  public var tcp: ReadOnlyHeader<TCPHeader>? { self.protocol == .tcp ? payload.header() : nil }
  /// The UDP header, if it is one.
  @inline(__always)
  public var udp: ReadOnlyHeader<UDPHeader>? { self.protocol == .udp ? payload.header() : nil }
  /// The ICMPv6 header, if it is one.
  @inline(__always)
  public var icmpv6: ReadOnlyHeader<ICMPv6Header>? { self.protocol == .icmpv6 ? payload.header() : nil }
}

extension ReadOnlyHeader where Layout == TCPHeader {
  /// The data, behind the header and its options.
  @inline(__always)
  public var payload: ReadOnlyPacket {
    ReadOnlyPacket(start: UnsafeRawPointer(cbpf_packet_part(pointer, UInt(bitPattern: pointer.pointee.headerLength))), end: end)
  }
}

extension ReadOnlyHeader where Layout == UDPHeader {
  /// The datagram's data.
  @inline(__always)
  public var payload: ReadOnlyPacket { following }
}

extension ReadOnlyHeader where Layout == GREHeader {
  /// What is carried, behind the header and its optional fields.
  @inline(__always)
  public var payload: ReadOnlyPacket {
    ReadOnlyPacket(start: UnsafeRawPointer(cbpf_packet_part(pointer, UInt(bitPattern: pointer.pointee.headerLength))), end: end)
  }
}

extension ReadOnlyPacket {
  /// The IPv4 header at the start, of a packet that begins with it.
  @inline(__always)
  public var ipv4: ReadOnlyHeader<IPv4Header>? {
    guard let ip: ReadOnlyHeader<IPv4Header> = header(), ip.pointer.pointee.version == 4 else { return nil }
    return ip
  }

  /// The IPv6 header at the start, of a packet that begins with it.
  @inline(__always)
  public var ipv6: ReadOnlyHeader<IPv6Header>? {
    guard let ip: ReadOnlyHeader<IPv6Header> = header(), ip.pointer.pointee.version == 6 else { return nil }
    return ip
  }
}
