// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The header of UDP: 8 bytes (RFC 768).
@frozen
public struct UDPHeader: PacketHeader, Sendable {
  /// The sender's port.
  public var sourcePort: Port
  /// The receiver's port.
  public var destinationPort: Port
  /// Bytes of the datagram with this header.
  public var length: BigEndian<UInt16>
  /// The checksum, with the pseudo header; zero where there is none (IPv4).
  public var checksum: InternetChecksum

  @inlinable @inline(__always)
  public init(sourcePort: Port, destinationPort: Port, length: BigEndian<UInt16>, checksum: InternetChecksum) {
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.length = length
    self.checksum = checksum
  }
}
