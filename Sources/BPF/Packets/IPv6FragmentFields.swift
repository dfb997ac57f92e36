// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == IPv6FragmentHeader {
  /// What follows in the first fragment.
  @inline(__always)
  public var nextHeader: IPProtocol {
    get { pointer.pointee.nextHeader }
    nonmutating _modify { yield &pointer.pointee.nextHeader }
  }

  /// Zero.
  @inline(__always)
  public var reserved: UInt8 {
    get { pointer.pointee.reserved }
    nonmutating _modify { yield &pointer.pointee.reserved }
  }

  /// The offset in units of eight bytes (13 bits) and, in the last bit, whether fragments follow.
  @inline(__always)
  public var offsetAndFlags: BigEndian<UInt16> {
    get { pointer.pointee.offsetAndFlags }
    nonmutating _modify { yield &pointer.pointee.offsetAndFlags }
  }

  /// What fragments of one packet share.
  @inline(__always)
  public var identification: BigEndian<UInt32> {
    get { pointer.pointee.identification }
    nonmutating _modify { yield &pointer.pointee.identification }
  }

  /// Where the fragment belongs in its packet, in bytes.
  @inline(__always)
  public var fragmentOffset: Int { pointer.pointee.fragmentOffset }

  /// Whether fragments follow.
  @inline(__always)
  public var moreFragments: Bool { pointer.pointee.moreFragments }
}

extension ReadOnlyHeader where Layout == IPv6FragmentHeader {
  /// What follows in the first fragment.
  @inline(__always)
  public var nextHeader: IPProtocol { pointer.pointee.nextHeader }

  /// Zero.
  @inline(__always)
  public var reserved: UInt8 { pointer.pointee.reserved }

  /// The offset in units of eight bytes (13 bits) and, in the last bit, whether fragments follow.
  @inline(__always)
  public var offsetAndFlags: BigEndian<UInt16> { pointer.pointee.offsetAndFlags }

  /// What fragments of one packet share.
  @inline(__always)
  public var identification: BigEndian<UInt32> { pointer.pointee.identification }

  /// Where the fragment belongs in its packet, in bytes.
  @inline(__always)
  public var fragmentOffset: Int { pointer.pointee.fragmentOffset }

  /// Whether fragments follow.
  @inline(__always)
  public var moreFragments: Bool { pointer.pointee.moreFragments }
}
