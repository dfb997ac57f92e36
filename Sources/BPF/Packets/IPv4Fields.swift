// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == IPv4Header {
  /// The version (4 bits) and the header's length in words of four bytes (4 bits).
  @inline(__always)
  public var versionAndLength: UInt8 {
    get { pointer.pointee.versionAndLength }
    nonmutating _modify { yield &pointer.pointee.versionAndLength }
  }

  /// Differentiated services (6 bits) and congestion notification (2 bits).
  @inline(__always)
  public var typeOfService: UInt8 {
    get { pointer.pointee.typeOfService }
    nonmutating _modify { yield &pointer.pointee.typeOfService }
  }

  /// Bytes of the packet with this header.
  @inline(__always)
  public var totalLength: BigEndian<UInt16> {
    get { pointer.pointee.totalLength }
    nonmutating _modify { yield &pointer.pointee.totalLength }
  }

  /// What fragments of one packet share.
  @inline(__always)
  public var identification: BigEndian<UInt16> {
    get { pointer.pointee.identification }
    nonmutating _modify { yield &pointer.pointee.identification }
  }

  /// Flags (3 bits) and the offset of a fragment in units of eight bytes (13 bits).
  @inline(__always)
  public var fragment: BigEndian<UInt16> {
    get { pointer.pointee.fragment }
    nonmutating _modify { yield &pointer.pointee.fragment }
  }

  /// Hops that are left.
  @inline(__always)
  public var timeToLive: UInt8 {
    get { pointer.pointee.timeToLive }
    nonmutating _modify { yield &pointer.pointee.timeToLive }
  }

  /// What follows.
  @inline(__always)
  public var `protocol`: IPProtocol {
    get { pointer.pointee.`protocol` }
    nonmutating _modify { yield &pointer.pointee.`protocol` }
  }

  /// The header's checksum.
  @inline(__always)
  public var checksum: InternetChecksum {
    get { pointer.pointee.checksum }
    nonmutating _modify { yield &pointer.pointee.checksum }
  }

  /// Who sent the packet.
  @inline(__always)
  public var source: IPv4Address {
    get { pointer.pointee.source }
    nonmutating _modify { yield &pointer.pointee.source }
  }

  /// Whom it is for.
  @inline(__always)
  public var destination: IPv4Address {
    get { pointer.pointee.destination }
    nonmutating _modify { yield &pointer.pointee.destination }
  }

  /// The version: 4.
  @inline(__always)
  public var version: UInt8 { pointer.pointee.version }

  /// Bytes of the header with its options: 20 to 60 in a valid packet, at most 60 in any.
  @inline(__always)
  public var headerLength: Int { pointer.pointee.headerLength }

  /// The differentiated services code point, 0 to 63.
  @inline(__always)
  public var differentiatedServices: UInt8 {
    get { pointer.pointee.differentiatedServices }
    nonmutating set { pointer.pointee.differentiatedServices = newValue }
  }

  /// Explicit congestion notification: 0 not capable, 1 and 2 capable, 3 congestion experienced.
  @inline(__always)
  public var congestion: UInt8 {
    get { pointer.pointee.congestion }
    nonmutating set { pointer.pointee.congestion = newValue }
  }

  /// Where the fragment belongs in its packet, in bytes.
  @inline(__always)
  public var fragmentOffset: Int { pointer.pointee.fragmentOffset }

  /// Whether routers may not split the packet.
  @inline(__always)
  public var dontFragment: Bool { pointer.pointee.dontFragment }

  /// Whether fragments follow.
  @inline(__always)
  public var moreFragments: Bool { pointer.pointee.moreFragments }

  /// Whether the packet is part of one: only the first part has the header of the next layer.
  @inline(__always)
  public var isFragment: Bool { pointer.pointee.isFragment }
}

extension ReadOnlyHeader where Layout == IPv4Header {
  /// The version (4 bits) and the header's length in words of four bytes (4 bits).
  @inline(__always)
  public var versionAndLength: UInt8 { pointer.pointee.versionAndLength }

  /// Differentiated services (6 bits) and congestion notification (2 bits).
  @inline(__always)
  public var typeOfService: UInt8 { pointer.pointee.typeOfService }

  /// Bytes of the packet with this header.
  @inline(__always)
  public var totalLength: BigEndian<UInt16> { pointer.pointee.totalLength }

  /// What fragments of one packet share.
  @inline(__always)
  public var identification: BigEndian<UInt16> { pointer.pointee.identification }

  /// Flags (3 bits) and the offset of a fragment in units of eight bytes (13 bits).
  @inline(__always)
  public var fragment: BigEndian<UInt16> { pointer.pointee.fragment }

  /// Hops that are left.
  @inline(__always)
  public var timeToLive: UInt8 { pointer.pointee.timeToLive }

  /// What follows.
  @inline(__always)
  public var `protocol`: IPProtocol { pointer.pointee.`protocol` }

  /// The header's checksum.
  @inline(__always)
  public var checksum: InternetChecksum { pointer.pointee.checksum }

  /// Who sent the packet.
  @inline(__always)
  public var source: IPv4Address { pointer.pointee.source }

  /// Whom it is for.
  @inline(__always)
  public var destination: IPv4Address { pointer.pointee.destination }

  /// The version: 4.
  @inline(__always)
  public var version: UInt8 { pointer.pointee.version }

  /// Bytes of the header with its options: 20 to 60 in a valid packet, at most 60 in any.
  @inline(__always)
  public var headerLength: Int { pointer.pointee.headerLength }

  /// The differentiated services code point, 0 to 63.
  @inline(__always)
  public var differentiatedServices: UInt8 { pointer.pointee.differentiatedServices }

  /// Explicit congestion notification: 0 not capable, 1 and 2 capable, 3 congestion experienced.
  @inline(__always)
  public var congestion: UInt8 { pointer.pointee.congestion }

  /// Where the fragment belongs in its packet, in bytes.
  @inline(__always)
  public var fragmentOffset: Int { pointer.pointee.fragmentOffset }

  /// Whether routers may not split the packet.
  @inline(__always)
  public var dontFragment: Bool { pointer.pointee.dontFragment }

  /// Whether fragments follow.
  @inline(__always)
  public var moreFragments: Bool { pointer.pointee.moreFragments }

  /// Whether the packet is part of one: only the first part has the header of the next layer.
  @inline(__always)
  public var isFragment: Bool { pointer.pointee.isFragment }
}
