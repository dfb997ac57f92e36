// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The header of an Ethernet frame: 14 bytes (IEEE 802.3).
@frozen
public struct EthernetHeader: PacketHeader, Sendable {
  /// Whom the frame is for.
  public var destination: MACAddress
  /// Who sent it.
  public var source: MACAddress
  /// What follows.
  public var type: EtherType

  @inlinable @inline(__always)
  public init(destination: MACAddress, source: MACAddress, type: EtherType) {
    self.destination = destination
    self.source = source
    self.type = type
  }
}
