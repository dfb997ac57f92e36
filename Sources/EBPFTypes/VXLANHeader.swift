// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The header of VXLAN: 8 bytes, behind UDP (RFC 7348).
@frozen
public struct VXLANHeader: PacketHeader, Sendable {
  /// 0x08000000 where the network identifier counts; the rest is reserved.
  public var flags: BigEndian<UInt32>
  /// The network identifier (24 bits) and a reserved byte.
  public var identifierAndReserved: BigEndian<UInt32>

  @inlinable @inline(__always)
  public init(flags: BigEndian<UInt32>, identifierAndReserved: BigEndian<UInt32>) {
    self.flags = flags
    self.identifierAndReserved = identifierAndReserved
  }
}

extension VXLANHeader {
  /// Whether the network identifier counts.
  @inlinable @inline(__always)
  public var isValid: Bool { flags.value & 0x0800_0000 != 0 }

  /// The network identifier, 24 bits.
  @inlinable @inline(__always)
  public var identifier: UInt32 {
    get { identifierAndReserved.value >> 8 }
    set { identifierAndReserved.value = newValue << 8 | identifierAndReserved.value & 0xFF }
  }
}
