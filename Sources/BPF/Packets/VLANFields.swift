// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == VLANHeader {
  /// Priority (3 bits), drop eligible (1 bit) and identifier (12 bits).
  @inline(__always)
  public var control: BigEndian<UInt16> {
    get { pointer.pointee.control }
    nonmutating _modify { yield &pointer.pointee.control }
  }

  /// What follows.
  @inline(__always)
  public var type: EtherType {
    get { pointer.pointee.type }
    nonmutating _modify { yield &pointer.pointee.type }
  }

  /// The VLAN, 0 to 4095.
  @inline(__always)
  public var identifier: UInt16 {
    get { pointer.pointee.identifier }
    nonmutating set { pointer.pointee.identifier = newValue }
  }

  /// The priority code point, 0 to 7.
  @inline(__always)
  public var priority: UInt8 {
    get { pointer.pointee.priority }
    nonmutating set { pointer.pointee.priority = newValue }
  }

  /// Whether the frame may be dropped first when there is congestion.
  @inline(__always)
  public var isDropEligible: Bool {
    get { pointer.pointee.isDropEligible }
    nonmutating set { pointer.pointee.isDropEligible = newValue }
  }
}

extension ReadOnlyHeader where Layout == VLANHeader {
  /// Priority (3 bits), drop eligible (1 bit) and identifier (12 bits).
  @inline(__always)
  public var control: BigEndian<UInt16> { pointer.pointee.control }

  /// What follows.
  @inline(__always)
  public var type: EtherType { pointer.pointee.type }

  /// The VLAN, 0 to 4095.
  @inline(__always)
  public var identifier: UInt16 { pointer.pointee.identifier }

  /// The priority code point, 0 to 7.
  @inline(__always)
  public var priority: UInt8 { pointer.pointee.priority }

  /// Whether the frame may be dropped first when there is congestion.
  @inline(__always)
  public var isDropEligible: Bool { pointer.pointee.isDropEligible }
}
