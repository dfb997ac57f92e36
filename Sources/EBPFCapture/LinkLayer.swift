/// How packets of a link type begin: enough to fill `struct __sk_buff` from a capture.
package struct LinkLayer: Sendable {
  @usableFromInline
  enum Kind: Sendable {
    case ethernet
    case linuxCooked
    case linuxCooked2
    case null
    case ip
    case other
  }

  /// What a packet's link header says.
  package struct Summary {
    /// Bytes before the network header; at most those that there are.
    package var headerLength: Int
    /// `skb->protocol`, in network byte order; 0 where the link type is not known.
    package var networkProtocol: UInt16
    /// `skb->pkt_type`, `PACKET_*`.
    package var packetType: UInt32

    @inlinable
    package init(headerLength: Int, networkProtocol: UInt16, packetType: UInt32) {
      self.headerLength = headerLength
      self.networkProtocol = networkProtocol
      self.packetType = packetType
    }
  }

  @usableFromInline let kind: Kind

  package init(_ type: LinkType) {
    kind =
      switch type {
      case .ethernet: .ethernet
      case .linuxCooked: .linuxCooked
      case .linuxCooked2: .linuxCooked2
      case .null: .null
      case .raw, .ipv4, .ipv6: .ip
      default: .other
      }
  }

  /// Reads a packet's link header.
  @inlinable @inline(__always)
  package func summary(of packet: UnsafeRawPointer, length: Int) -> Summary {
    if kind == .ethernet, length >= EthernetSummary.headerLength {
      let ethernet = EthernetSummary(packet, length: length)
      return Summary(
        headerLength: EthernetSummary.headerLength, networkProtocol: ethernet.networkProtocol, packetType: ethernet.packetType)
    }
    return otherSummary(of: packet, length: length)
  }

  @usableFromInline @inline(never)
  func otherSummary(of packet: UnsafeRawPointer, length: Int) -> Summary {
    switch kind {
    case .linuxCooked where length >= 16:
      let type = UInt16(bigEndian: packet.loadUnaligned(as: UInt16.self))
      return Summary(
        headerLength: 16, networkProtocol: packet.loadUnaligned(fromByteOffset: 14, as: UInt16.self), packetType: UInt32(type & 7))
    case .linuxCooked2 where length >= 20:
      return Summary(
        headerLength: 20, networkProtocol: packet.loadUnaligned(as: UInt16.self),
        packetType: UInt32(packet.load(fromByteOffset: 10, as: UInt8.self) & 7))
    case .null where length >= 5:
      return Summary(headerLength: 4, networkProtocol: Self.ipProtocol(packet.load(fromByteOffset: 4, as: UInt8.self)), packetType: 0)
    case .ip where length >= 1:
      return Summary(headerLength: 0, networkProtocol: Self.ipProtocol(packet.load(as: UInt8.self)), packetType: 0)
    default: return Summary(headerLength: 0, networkProtocol: 0, packetType: 0)
    }
  }

  /// `ETH_P_IP` or `ETH_P_IPV6`, from the version in an IP header's first byte.
  private static func ipProtocol(_ first: UInt8) -> UInt16 {
    switch first >> 4 {
    case 4: UInt16(0x0800).bigEndian
    case 6: UInt16(0x86dd).bigEndian
    default: 0
    }
  }
}

/// `skb->protocol` and `skb->pkt_type`, as `eth_type_trans` finds them for a packet with an Ethernet header.
package struct EthernetSummary {
  /// In network byte order, as programs see it.
  package var networkProtocol: UInt16
  /// `PACKET_*`
  package var packetType: UInt32

  /// `ETH_HLEN`
  @inlinable package static var headerLength: Int { 14 }
  /// `PACKET_BROADCAST`
  @inlinable package static var broadcast: UInt32 { 1 }
  /// `PACKET_MULTICAST`
  @inlinable package static var multicast: UInt32 { 2 }
  /// `PACKET_OTHERHOST`
  @inlinable package static var otherHost: UInt32 { 3 }

  /// What the type field of an Ethernet header means, in host byte order: below 0x600 it is a length.
  /// - Parameter isRaw: whether the payload begins with two bytes of ones: Novell's raw 802.3.
  @inlinable @inline(__always)
  package static func networkProtocol(of type: UInt16, isRaw: Bool) -> UInt16 { type >= 0x600 ? type : isRaw ? 0x0001 : 0x0004 }

  /// - Parameter header: 14 bytes, and whatever follows.
  @inlinable @inline(__always)
  package init(_ header: UnsafeRawPointer, length: Int) {
    let type = UInt16(bigEndian: header.loadUnaligned(fromByteOffset: 12, as: UInt16.self))
    let isRaw = length >= 16 && header.loadUnaligned(fromByteOffset: 14, as: UInt16.self) == 0xffff
    networkProtocol = Self.networkProtocol(of: type, isRaw: isRaw).bigEndian
    let destination = header.loadUnaligned(as: UInt32.self)
    let rest = header.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
    if header.load(as: UInt8.self) & 1 != 0 {
      packetType = destination == 0xffff_ffff && rest == 0xffff ? Self.broadcast : Self.multicast
    } else {
      // The loopback device's own address is all zeros.
      packetType = destination == 0 && rest == 0 ? 0 : Self.otherHost
    }
  }
}
