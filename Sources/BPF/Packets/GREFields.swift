// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == GREHeader {
  /// Which fields follow, and the version: 0.
  @inline(__always)
  public var flagsAndVersion: BigEndian<UInt16> {
    get { pointer.pointee.flagsAndVersion }
    nonmutating _modify { yield &pointer.pointee.flagsAndVersion }
  }

  /// What is carried.
  @inline(__always)
  public var type: EtherType {
    get { pointer.pointee.type }
    nonmutating _modify { yield &pointer.pointee.type }
  }

  /// Whether a checksum and a reserved field follow: four bytes.
  @inline(__always)
  public var hasChecksum: Bool { pointer.pointee.hasChecksum }

  /// Whether a key follows: four bytes.
  @inline(__always)
  public var hasKey: Bool { pointer.pointee.hasKey }

  /// Whether a sequence number follows: four bytes.
  @inline(__always)
  public var hasSequence: Bool { pointer.pointee.hasSequence }

  /// Bytes of the header with the fields that follow: 4 to 16.
  @inline(__always)
  public var headerLength: Int { pointer.pointee.headerLength }
}

extension ReadOnlyHeader where Layout == GREHeader {
  /// Which fields follow, and the version: 0.
  @inline(__always)
  public var flagsAndVersion: BigEndian<UInt16> { pointer.pointee.flagsAndVersion }

  /// What is carried.
  @inline(__always)
  public var type: EtherType { pointer.pointee.type }

  /// Whether a checksum and a reserved field follow: four bytes.
  @inline(__always)
  public var hasChecksum: Bool { pointer.pointee.hasChecksum }

  /// Whether a key follows: four bytes.
  @inline(__always)
  public var hasKey: Bool { pointer.pointee.hasKey }

  /// Whether a sequence number follows: four bytes.
  @inline(__always)
  public var hasSequence: Bool { pointer.pointee.hasSequence }

  /// Bytes of the header with the fields that follow: 4 to 16.
  @inline(__always)
  public var headerLength: Int { pointer.pointee.headerLength }
}
