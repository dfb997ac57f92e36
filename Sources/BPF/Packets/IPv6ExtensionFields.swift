// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == IPv6ExtensionHeader {
  /// What follows.
  @inline(__always)
  public var nextHeader: IPProtocol {
    get { pointer.pointee.nextHeader }
    nonmutating _modify { yield &pointer.pointee.nextHeader }
  }

  /// Bytes behind the first eight, in units of eight.
  @inline(__always)
  public var lengthInUnits: UInt8 {
    get { pointer.pointee.lengthInUnits }
    nonmutating _modify { yield &pointer.pointee.lengthInUnits }
  }

  /// Bytes of the extension header.
  @inline(__always)
  public var headerLength: Int { pointer.pointee.headerLength }
}

extension ReadOnlyHeader where Layout == IPv6ExtensionHeader {
  /// What follows.
  @inline(__always)
  public var nextHeader: IPProtocol { pointer.pointee.nextHeader }

  /// Bytes behind the first eight, in units of eight.
  @inline(__always)
  public var lengthInUnits: UInt8 { pointer.pointee.lengthInUnits }

  /// Bytes of the extension header.
  @inline(__always)
  public var headerLength: Int { pointer.pointee.headerLength }
}
