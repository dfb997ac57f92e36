// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == VXLANHeader {
  /// 0x08000000 where the network identifier counts; the rest is reserved.
  @inline(__always)
  public var flags: BigEndian<UInt32> {
    get { pointer.pointee.flags }
    nonmutating _modify { yield &pointer.pointee.flags }
  }

  /// The network identifier (24 bits) and a reserved byte.
  @inline(__always)
  public var identifierAndReserved: BigEndian<UInt32> {
    get { pointer.pointee.identifierAndReserved }
    nonmutating _modify { yield &pointer.pointee.identifierAndReserved }
  }

  /// Whether the network identifier counts.
  @inline(__always)
  public var isValid: Bool { pointer.pointee.isValid }

  /// The network identifier, 24 bits.
  @inline(__always)
  public var identifier: UInt32 {
    get { pointer.pointee.identifier }
    nonmutating set { pointer.pointee.identifier = newValue }
  }
}

extension ReadOnlyHeader where Layout == VXLANHeader {
  /// 0x08000000 where the network identifier counts; the rest is reserved.
  @inline(__always)
  public var flags: BigEndian<UInt32> { pointer.pointee.flags }

  /// The network identifier (24 bits) and a reserved byte.
  @inline(__always)
  public var identifierAndReserved: BigEndian<UInt32> { pointer.pointee.identifierAndReserved }

  /// Whether the network identifier counts.
  @inline(__always)
  public var isValid: Bool { pointer.pointee.isValid }

  /// The network identifier, 24 bits.
  @inline(__always)
  public var identifier: UInt32 { pointer.pointee.identifier }
}
