// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The fixed part of an IPv4 header: 20 bytes; options follow where `headerLength` says so (RFC 791).
@frozen
public struct IPv4Header: PacketHeader, Sendable {
  /// The version (4 bits) and the header's length in words of four bytes (4 bits).
  public var versionAndLength: UInt8
  /// Differentiated services (6 bits) and congestion notification (2 bits).
  public var typeOfService: UInt8
  /// Bytes of the packet with this header.
  public var totalLength: BigEndian<UInt16>
  /// What fragments of one packet share.
  public var identification: BigEndian<UInt16>
  /// Flags (3 bits) and the offset of a fragment in units of eight bytes (13 bits).
  public var fragment: BigEndian<UInt16>
  /// Hops that are left.
  public var timeToLive: UInt8
  /// What follows.
  public var `protocol`: IPProtocol
  /// The header's checksum.
  public var checksum: InternetChecksum
  /// Who sent the packet.
  public var source: IPv4Address
  /// Whom it is for.
  public var destination: IPv4Address

  @inlinable @inline(__always)
  public init(
    versionAndLength: UInt8, typeOfService: UInt8, totalLength: BigEndian<UInt16>, identification: BigEndian<UInt16>,
    fragment: BigEndian<UInt16>, timeToLive: UInt8, `protocol`: IPProtocol, checksum: InternetChecksum, source: IPv4Address,
    destination: IPv4Address
  ) {
    self.versionAndLength = versionAndLength
    self.typeOfService = typeOfService
    self.totalLength = totalLength
    self.identification = identification
    self.fragment = fragment
    self.timeToLive = timeToLive
    self.`protocol` = `protocol`
    self.checksum = checksum
    self.source = source
    self.destination = destination
  }
}

extension IPv4Header {
  /// The version: 4.
  @inlinable @inline(__always)
  public var version: UInt8 { versionAndLength >> 4 }

  /// Bytes of the header with its options: 20 to 60 in a valid packet, at most 60 in any.
  @inlinable @inline(__always)
  public var headerLength: Int { Int(versionAndLength & 15) &* 4 }

  /// The differentiated services code point, 0 to 63.
  @inlinable @inline(__always)
  public var differentiatedServices: UInt8 {
    get { typeOfService >> 2 }
    set { typeOfService = typeOfService & 3 | newValue << 2 }
  }

  /// Explicit congestion notification: 0 not capable, 1 and 2 capable, 3 congestion experienced.
  @inlinable @inline(__always)
  public var congestion: UInt8 {
    get { typeOfService & 3 }
    set { typeOfService = typeOfService & 0xFC | newValue & 3 }
  }

  /// Where the fragment belongs in its packet, in bytes.
  @inlinable @inline(__always)
  public var fragmentOffset: Int { Int(fragment.value & 0x1FFF) &* 8 }

  /// Whether routers may not split the packet.
  @inlinable @inline(__always)
  public var dontFragment: Bool { fragment.value & 0x4000 != 0 }

  /// Whether fragments follow.
  @inlinable @inline(__always)
  public var moreFragments: Bool { fragment.value & 0x2000 != 0 }

  /// Whether the packet is part of one: only the first part has the header of the next layer.
  @inlinable @inline(__always)
  public var isFragment: Bool { fragment.bytes & UInt16(0x3FFF).bigEndian != 0 }
}
