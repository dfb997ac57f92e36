// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The extension header of a fragment: 8 bytes (RFC 8200, section 4.5).
@frozen
public struct IPv6FragmentHeader: PacketHeader, Sendable {
  /// What follows in the first fragment.
  public var nextHeader: IPProtocol
  /// Zero.
  public var reserved: UInt8
  /// The offset in units of eight bytes (13 bits) and, in the last bit, whether fragments follow.
  public var offsetAndFlags: BigEndian<UInt16>
  /// What fragments of one packet share.
  public var identification: BigEndian<UInt32>

  @inlinable @inline(__always)
  public init(nextHeader: IPProtocol, reserved: UInt8, offsetAndFlags: BigEndian<UInt16>, identification: BigEndian<UInt32>) {
    self.nextHeader = nextHeader
    self.reserved = reserved
    self.offsetAndFlags = offsetAndFlags
    self.identification = identification
  }
}

extension IPv6FragmentHeader {
  /// Where the fragment belongs in its packet, in bytes.
  @inlinable @inline(__always)
  public var fragmentOffset: Int { Int(offsetAndFlags.value & 0xFFF8) }

  /// Whether fragments follow.
  @inlinable @inline(__always)
  public var moreFragments: Bool { offsetAndFlags.value & 1 != 0 }
}
