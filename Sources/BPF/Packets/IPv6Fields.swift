// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == IPv6Header {
  /// The version (4 bits), traffic class (8 bits) and flow label (20 bits).
  @inline(__always)
  public var versionClassAndFlow: BigEndian<UInt32> {
    get { pointer.pointee.versionClassAndFlow }
    nonmutating _modify { yield &pointer.pointee.versionClassAndFlow }
  }

  /// Bytes that follow this header, extension headers included.
  @inline(__always)
  public var payloadLength: BigEndian<UInt16> {
    get { pointer.pointee.payloadLength }
    nonmutating _modify { yield &pointer.pointee.payloadLength }
  }

  /// What follows: an extension header or a protocol.
  @inline(__always)
  public var nextHeader: IPProtocol {
    get { pointer.pointee.nextHeader }
    nonmutating _modify { yield &pointer.pointee.nextHeader }
  }

  /// Hops that are left.
  @inline(__always)
  public var hopLimit: UInt8 {
    get { pointer.pointee.hopLimit }
    nonmutating _modify { yield &pointer.pointee.hopLimit }
  }

  /// Who sent the packet.
  @inline(__always)
  public var source: IPv6Address {
    get { pointer.pointee.source }
    nonmutating _modify { yield &pointer.pointee.source }
  }

  /// Whom it is for.
  @inline(__always)
  public var destination: IPv6Address {
    get { pointer.pointee.destination }
    nonmutating _modify { yield &pointer.pointee.destination }
  }

  /// The version: 6.
  @inline(__always)
  public var version: UInt8 { pointer.pointee.version }

  /// Differentiated services (6 bits) and congestion notification (2 bits).
  @inline(__always)
  public var trafficClass: UInt8 {
    get { pointer.pointee.trafficClass }
    nonmutating set { pointer.pointee.trafficClass = newValue }
  }

  /// The flow label, 20 bits.
  @inline(__always)
  public var flowLabel: UInt32 {
    get { pointer.pointee.flowLabel }
    nonmutating set { pointer.pointee.flowLabel = newValue }
  }
}

extension ReadOnlyHeader where Layout == IPv6Header {
  /// The version (4 bits), traffic class (8 bits) and flow label (20 bits).
  @inline(__always)
  public var versionClassAndFlow: BigEndian<UInt32> { pointer.pointee.versionClassAndFlow }

  /// Bytes that follow this header, extension headers included.
  @inline(__always)
  public var payloadLength: BigEndian<UInt16> { pointer.pointee.payloadLength }

  /// What follows: an extension header or a protocol.
  @inline(__always)
  public var nextHeader: IPProtocol { pointer.pointee.nextHeader }

  /// Hops that are left.
  @inline(__always)
  public var hopLimit: UInt8 { pointer.pointee.hopLimit }

  /// Who sent the packet.
  @inline(__always)
  public var source: IPv6Address { pointer.pointee.source }

  /// Whom it is for.
  @inline(__always)
  public var destination: IPv6Address { pointer.pointee.destination }

  /// The version: 6.
  @inline(__always)
  public var version: UInt8 { pointer.pointee.version }

  /// Differentiated services (6 bits) and congestion notification (2 bits).
  @inline(__always)
  public var trafficClass: UInt8 { pointer.pointee.trafficClass }

  /// The flow label, 20 bits.
  @inline(__always)
  public var flowLabel: UInt32 { pointer.pointee.flowLabel }
}
