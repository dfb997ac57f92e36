// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The first bytes that the extension headers of IPv6 share (RFC 8200, section 4).
@frozen
public struct IPv6ExtensionHeader: PacketHeader, Sendable {
  /// What follows.
  public var nextHeader: IPProtocol
  /// Bytes behind the first eight, in units of eight.
  public var lengthInUnits: UInt8

  @inlinable @inline(__always)
  public init(nextHeader: IPProtocol, lengthInUnits: UInt8) {
    self.nextHeader = nextHeader
    self.lengthInUnits = lengthInUnits
  }
}

extension IPv6ExtensionHeader {
  /// Bytes of the extension header.
  @inlinable @inline(__always)
  public var headerLength: Int { (Int(lengthInUnits) &+ 1) &* 8 }
}
