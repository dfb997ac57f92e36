// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The fixed header of IPv6: 40 bytes (RFC 8200).
@frozen
public struct IPv6Header: PacketHeader, Sendable {
  /// The version (4 bits), traffic class (8 bits) and flow label (20 bits).
  public var versionClassAndFlow: BigEndian<UInt32>
  /// Bytes that follow this header, extension headers included.
  public var payloadLength: BigEndian<UInt16>
  /// What follows: an extension header or a protocol.
  public var nextHeader: IPProtocol
  /// Hops that are left.
  public var hopLimit: UInt8
  /// Who sent the packet.
  public var source: IPv6Address
  /// Whom it is for.
  public var destination: IPv6Address

  @inlinable @inline(__always)
  public init(
    versionClassAndFlow: BigEndian<UInt32>, payloadLength: BigEndian<UInt16>, nextHeader: IPProtocol, hopLimit: UInt8, source: IPv6Address,
    destination: IPv6Address
  ) {
    self.versionClassAndFlow = versionClassAndFlow
    self.payloadLength = payloadLength
    self.nextHeader = nextHeader
    self.hopLimit = hopLimit
    self.source = source
    self.destination = destination
  }
}

extension IPv6Header {
  /// The version: 6.
  @inlinable @inline(__always)
  public var version: UInt8 { UInt8(truncatingIfNeeded: versionClassAndFlow.value >> 28) }

  /// Differentiated services (6 bits) and congestion notification (2 bits).
  @inlinable @inline(__always)
  public var trafficClass: UInt8 {
    get { UInt8(truncatingIfNeeded: versionClassAndFlow.value >> 20) }
    set { versionClassAndFlow.value = versionClassAndFlow.value & 0xF00F_FFFF | UInt32(newValue) << 20 }
  }

  /// The flow label, 20 bits.
  @inlinable @inline(__always)
  public var flowLabel: UInt32 {
    get { versionClassAndFlow.value & 0xF_FFFF }
    set { versionClassAndFlow.value = versionClassAndFlow.value & 0xFFF0_0000 | newValue & 0xF_FFFF }
  }
}
