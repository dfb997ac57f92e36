// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The fixed part of a GRE header: 4 bytes; checksum, key and sequence number follow where the flags say so (RFC 2784, RFC 2890).
@frozen
public struct GREHeader: PacketHeader, Sendable {
  /// Which fields follow, and the version: 0.
  public var flagsAndVersion: BigEndian<UInt16>
  /// What is carried.
  public var type: EtherType

  @inlinable @inline(__always)
  public init(flagsAndVersion: BigEndian<UInt16>, type: EtherType) {
    self.flagsAndVersion = flagsAndVersion
    self.type = type
  }
}

extension GREHeader {
  /// Whether a checksum and a reserved field follow: four bytes.
  @inlinable @inline(__always)
  public var hasChecksum: Bool { flagsAndVersion.value & 0x8000 != 0 }

  /// Whether a key follows: four bytes.
  @inlinable @inline(__always)
  public var hasKey: Bool { flagsAndVersion.value & 0x2000 != 0 }

  /// Whether a sequence number follows: four bytes.
  @inlinable @inline(__always)
  public var hasSequence: Bool { flagsAndVersion.value & 0x1000 != 0 }

  /// Bytes of the header with the fields that follow: 4 to 16.
  @inlinable @inline(__always)
  public var headerLength: Int { 4 &+ (hasChecksum ? 4 : 0) &+ (hasKey ? 4 : 0) &+ (hasSequence ? 4 : 0) }
}
