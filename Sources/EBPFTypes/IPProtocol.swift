// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// What an IP packet carries (Assigned Internet Protocol Numbers, IANA).
@frozen
public struct IPProtocol: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  /// The number.
  public var rawValue: UInt8

  @inlinable @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static func == (a: IPProtocol, b: IPProtocol) -> Bool { a.rawValue == b.rawValue }
}

extension IPProtocol {
  /// Hop-by-hop options (an extension header of IPv6).
  @inlinable @inline(__always)
  public static var hopByHopOptions: IPProtocol { IPProtocol(rawValue: 0) }
  /// ICMP.
  @inlinable @inline(__always)
  public static var icmp: IPProtocol { IPProtocol(rawValue: 1) }
  /// IGMP.
  @inlinable @inline(__always)
  public static var igmp: IPProtocol { IPProtocol(rawValue: 2) }
  /// IPv4 inside of IP.
  @inlinable @inline(__always)
  public static var ipv4: IPProtocol { IPProtocol(rawValue: 4) }
  /// TCP.
  @inlinable @inline(__always)
  public static var tcp: IPProtocol { IPProtocol(rawValue: 6) }
  /// UDP.
  @inlinable @inline(__always)
  public static var udp: IPProtocol { IPProtocol(rawValue: 17) }
  /// IPv6 inside of IP.
  @inlinable @inline(__always)
  public static var ipv6: IPProtocol { IPProtocol(rawValue: 41) }
  /// Routing (an extension header of IPv6).
  @inlinable @inline(__always)
  public static var routing: IPProtocol { IPProtocol(rawValue: 43) }
  /// Fragment (an extension header of IPv6).
  @inlinable @inline(__always)
  public static var fragment: IPProtocol { IPProtocol(rawValue: 44) }
  /// GRE.
  @inlinable @inline(__always)
  public static var gre: IPProtocol { IPProtocol(rawValue: 47) }
  /// Encapsulating security payload.
  @inlinable @inline(__always)
  public static var esp: IPProtocol { IPProtocol(rawValue: 50) }
  /// Authentication header.
  @inlinable @inline(__always)
  public static var ah: IPProtocol { IPProtocol(rawValue: 51) }
  /// ICMPv6.
  @inlinable @inline(__always)
  public static var icmpv6: IPProtocol { IPProtocol(rawValue: 58) }
  /// Nothing follows (IPv6).
  @inlinable @inline(__always)
  public static var noNextHeader: IPProtocol { IPProtocol(rawValue: 59) }
  /// Destination options (an extension header of IPv6).
  @inlinable @inline(__always)
  public static var destinationOptions: IPProtocol { IPProtocol(rawValue: 60) }
  /// SCTP.
  @inlinable @inline(__always)
  public static var sctp: IPProtocol { IPProtocol(rawValue: 132) }
  /// Mobility (an extension header of IPv6).
  @inlinable @inline(__always)
  public static var mobility: IPProtocol { IPProtocol(rawValue: 135) }
}

#if !hasFeature(Embedded)
extension IPProtocol: CustomStringConvertible {
  public var description: String {
    switch self {
    case .icmp: "ICMP"
    case .igmp: "IGMP"
    case .ipv4: "IPv4"
    case .tcp: "TCP"
    case .udp: "UDP"
    case .ipv6: "IPv6"
    case .gre: "GRE"
    case .esp: "ESP"
    case .ah: "AH"
    case .icmpv6: "ICMPv6"
    case .sctp: "SCTP"
    default: String(rawValue)
    }
  }
}
#endif
