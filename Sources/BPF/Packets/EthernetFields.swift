// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == EthernetHeader {
  /// Whom the frame is for.
  @inline(__always)
  public var destination: MACAddress {
    get { pointer.pointee.destination }
    nonmutating _modify { yield &pointer.pointee.destination }
  }

  /// Who sent it.
  @inline(__always)
  public var source: MACAddress {
    get { pointer.pointee.source }
    nonmutating _modify { yield &pointer.pointee.source }
  }

  /// What follows.
  @inline(__always)
  public var type: EtherType {
    get { pointer.pointee.type }
    nonmutating _modify { yield &pointer.pointee.type }
  }
}

extension ReadOnlyHeader where Layout == EthernetHeader {
  /// Whom the frame is for.
  @inline(__always)
  public var destination: MACAddress { pointer.pointee.destination }

  /// Who sent it.
  @inline(__always)
  public var source: MACAddress { pointer.pointee.source }

  /// What follows.
  @inline(__always)
  public var type: EtherType { pointer.pointee.type }
}
