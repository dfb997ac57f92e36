// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// What an Ethernet frame carries, in network byte order (IEEE 802 Numbers, IANA).
@frozen
public struct EtherType: BitwiseCopyable, Hashable, Sendable {
  /// The bytes as they lie in memory, read in the processor's order.
  public var bytes: UInt16

  @inlinable @inline(__always)
  public init(bytes: UInt16) { self.bytes = bytes }

  /// The type with this number: IPv4 is 0x0800.
  @inlinable @inline(__always)
  public init(_ value: UInt16) { bytes = value.bigEndian }

  /// The number.
  @inlinable @inline(__always)
  public var value: UInt16 { UInt16(bigEndian: bytes) }

  @inlinable @inline(__always)
  public static func == (a: EtherType, b: EtherType) -> Bool { a.bytes == b.bytes }

  /// Whether a VLAN tag follows, of IEEE 802.1Q or 802.1ad.
  @inlinable @inline(__always)
  public var isVLAN: Bool { self == .vlan || self == .serviceVLAN }
}

extension EtherType {
  /// IPv4.
  @inlinable @inline(__always)
  public static var ipv4: EtherType { EtherType(0x0800) }
  /// ARP.
  @inlinable @inline(__always)
  public static var arp: EtherType { EtherType(0x0806) }
  /// IPv6.
  @inlinable @inline(__always)
  public static var ipv6: EtherType { EtherType(0x86DD) }
  /// A tag of IEEE 802.1Q.
  @inlinable @inline(__always)
  public static var vlan: EtherType { EtherType(0x8100) }
  /// A service tag of IEEE 802.1ad.
  @inlinable @inline(__always)
  public static var serviceVLAN: EtherType { EtherType(0x88A8) }
  /// MPLS, unicast.
  @inlinable @inline(__always)
  public static var mpls: EtherType { EtherType(0x8847) }
  /// PPPoE, discovery.
  @inlinable @inline(__always)
  public static var pppoeDiscovery: EtherType { EtherType(0x8863) }
  /// PPPoE, session.
  @inlinable @inline(__always)
  public static var pppoeSession: EtherType { EtherType(0x8864) }
  /// LLDP.
  @inlinable @inline(__always)
  public static var lldp: EtherType { EtherType(0x88CC) }
  /// Ethernet inside of another protocol (GRE, VXLAN-GPE).
  @inlinable @inline(__always)
  public static var transparentEthernet: EtherType { EtherType(0x6558) }
}

#if !hasFeature(Embedded)
extension EtherType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .ipv4: "IPv4"
    case .arp: "ARP"
    case .ipv6: "IPv6"
    case .vlan: "802.1Q"
    case .serviceVLAN: "802.1ad"
    default: "0x" + String(repeating: "0", count: 4 - String(value, radix: 16).count) + String(value, radix: 16)
    }
  }
}
#endif
