// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == ICMPv6Header {
  /// What the message is.
  @inline(__always)
  public var type: ICMPv6Type {
    get { pointer.pointee.type }
    nonmutating _modify { yield &pointer.pointee.type }
  }

  /// Which of its kind.
  @inline(__always)
  public var code: UInt8 {
    get { pointer.pointee.code }
    nonmutating _modify { yield &pointer.pointee.code }
  }

  /// The checksum.
  @inline(__always)
  public var checksum: InternetChecksum {
    get { pointer.pointee.checksum }
    nonmutating _modify { yield &pointer.pointee.checksum }
  }

  /// Four bytes that depend on the type.
  @inline(__always)
  public var rest: BigEndian<UInt32> {
    get { pointer.pointee.rest }
    nonmutating _modify { yield &pointer.pointee.rest }
  }

  /// Of an echo: whose it is.
  @inline(__always)
  public var identifier: UInt16 {
    get { pointer.pointee.identifier }
    nonmutating set { pointer.pointee.identifier = newValue }
  }

  /// Of an echo: which one.
  @inline(__always)
  public var sequence: UInt16 {
    get { pointer.pointee.sequence }
    nonmutating set { pointer.pointee.sequence = newValue }
  }
}

extension ReadOnlyHeader where Layout == ICMPv6Header {
  /// What the message is.
  @inline(__always)
  public var type: ICMPv6Type { pointer.pointee.type }

  /// Which of its kind.
  @inline(__always)
  public var code: UInt8 { pointer.pointee.code }

  /// The checksum.
  @inline(__always)
  public var checksum: InternetChecksum { pointer.pointee.checksum }

  /// Four bytes that depend on the type.
  @inline(__always)
  public var rest: BigEndian<UInt32> { pointer.pointee.rest }

  /// Of an echo: whose it is.
  @inline(__always)
  public var identifier: UInt16 { pointer.pointee.identifier }

  /// Of an echo: which one.
  @inline(__always)
  public var sequence: UInt16 { pointer.pointee.sequence }
}
