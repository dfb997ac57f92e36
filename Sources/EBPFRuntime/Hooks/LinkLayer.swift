import EBPFCapture

/// How packets of a link type begin: enough to fill `struct __sk_buff` from a capture.
struct LinkLayer: Sendable {
  private enum Kind: Sendable {
    case ethernet
    case linuxCooked
    case linuxCooked2
    case null
    case ip
    case other
  }

  /// What a packet's link header says.
  struct Summary {
    /// Bytes before the network header; at most those that there are.
    var headerLength: Int
    /// `skb->protocol`, in network byte order; 0 where the link type is not known.
    var networkProtocol: UInt16
    var packetType: UInt32
  }

  private let kind: Kind

  init(_ type: LinkType) {
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

  @inline(__always)
  func summary(of packet: UnsafeRawPointer, length: Int) -> Summary {
    if kind == .ethernet, length >= SocketBuffer.linkHeader {
      let ethernet = EthernetSummary(packet, length: length)
      return Summary(
        headerLength: SocketBuffer.linkHeader, networkProtocol: ethernet.networkProtocol, packetType: ethernet.packetType)
    }
    return otherSummary(of: packet, length: length)
  }

  @inline(never)
  private func otherSummary(of packet: UnsafeRawPointer, length: Int) -> Summary {
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
