// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == TCPHeader {
  /// The sender's port.
  @inline(__always)
  public var sourcePort: Port {
    get { pointer.pointee.sourcePort }
    nonmutating _modify { yield &pointer.pointee.sourcePort }
  }

  /// The receiver's port.
  @inline(__always)
  public var destinationPort: Port {
    get { pointer.pointee.destinationPort }
    nonmutating _modify { yield &pointer.pointee.destinationPort }
  }

  /// The number of the first byte of data.
  @inline(__always)
  public var sequence: BigEndian<UInt32> {
    get { pointer.pointee.sequence }
    nonmutating _modify { yield &pointer.pointee.sequence }
  }

  /// The number of the byte that the sender waits for.
  @inline(__always)
  public var acknowledgment: BigEndian<UInt32> {
    get { pointer.pointee.acknowledgment }
    nonmutating _modify { yield &pointer.pointee.acknowledgment }
  }

  /// The header's length in words of four bytes (4 bits), reserved (3 bits) and flags (9 bits).
  @inline(__always)
  public var offsetAndFlags: BigEndian<UInt16> {
    get { pointer.pointee.offsetAndFlags }
    nonmutating _modify { yield &pointer.pointee.offsetAndFlags }
  }

  /// How much the sender is ready to receive.
  @inline(__always)
  public var window: BigEndian<UInt16> {
    get { pointer.pointee.window }
    nonmutating _modify { yield &pointer.pointee.window }
  }

  /// The checksum, with the pseudo header.
  @inline(__always)
  public var checksum: InternetChecksum {
    get { pointer.pointee.checksum }
    nonmutating _modify { yield &pointer.pointee.checksum }
  }

  /// Where urgent data ends.
  @inline(__always)
  public var urgentPointer: BigEndian<UInt16> {
    get { pointer.pointee.urgentPointer }
    nonmutating _modify { yield &pointer.pointee.urgentPointer }
  }

  /// Bytes of the header with its options: 20 to 60 in a valid segment.
  @inline(__always)
  public var headerLength: Int { pointer.pointee.headerLength }

  /// The flags.
  @inline(__always)
  public var flags: TCPFlags {
    get { pointer.pointee.flags }
    nonmutating set { pointer.pointee.flags = newValue }
  }

  /// Whether it opens a connection: SYN without ACK.
  @inline(__always)
  public var isSYN: Bool { pointer.pointee.isSYN }

  /// Whether it accepts a connection: SYN with ACK.
  @inline(__always)
  public var isSYNACK: Bool { pointer.pointee.isSYNACK }
}

extension ReadOnlyHeader where Layout == TCPHeader {
  /// The sender's port.
  @inline(__always)
  public var sourcePort: Port { pointer.pointee.sourcePort }

  /// The receiver's port.
  @inline(__always)
  public var destinationPort: Port { pointer.pointee.destinationPort }

  /// The number of the first byte of data.
  @inline(__always)
  public var sequence: BigEndian<UInt32> { pointer.pointee.sequence }

  /// The number of the byte that the sender waits for.
  @inline(__always)
  public var acknowledgment: BigEndian<UInt32> { pointer.pointee.acknowledgment }

  /// The header's length in words of four bytes (4 bits), reserved (3 bits) and flags (9 bits).
  @inline(__always)
  public var offsetAndFlags: BigEndian<UInt16> { pointer.pointee.offsetAndFlags }

  /// How much the sender is ready to receive.
  @inline(__always)
  public var window: BigEndian<UInt16> { pointer.pointee.window }

  /// The checksum, with the pseudo header.
  @inline(__always)
  public var checksum: InternetChecksum { pointer.pointee.checksum }

  /// Where urgent data ends.
  @inline(__always)
  public var urgentPointer: BigEndian<UInt16> { pointer.pointee.urgentPointer }

  /// Bytes of the header with its options: 20 to 60 in a valid segment.
  @inline(__always)
  public var headerLength: Int { pointer.pointee.headerLength }

  /// The flags.
  @inline(__always)
  public var flags: TCPFlags { pointer.pointee.flags }

  /// Whether it opens a connection: SYN without ACK.
  @inline(__always)
  public var isSYN: Bool { pointer.pointee.isSYN }

  /// Whether it accepts a connection: SYN with ACK.
  @inline(__always)
  public var isSYNACK: Bool { pointer.pointee.isSYNACK }
}
