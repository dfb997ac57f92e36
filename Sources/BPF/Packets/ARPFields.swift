// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == ARPHeader {
  /// The kind of link: 1 for Ethernet.
  @inline(__always)
  public var hardwareType: BigEndian<UInt16> {
    get { pointer.pointee.hardwareType }
    nonmutating _modify { yield &pointer.pointee.hardwareType }
  }

  /// The kind of address: `.ipv4`.
  @inline(__always)
  public var protocolType: EtherType {
    get { pointer.pointee.protocolType }
    nonmutating _modify { yield &pointer.pointee.protocolType }
  }

  /// Bytes of a link address: 6.
  @inline(__always)
  public var hardwareLength: UInt8 {
    get { pointer.pointee.hardwareLength }
    nonmutating _modify { yield &pointer.pointee.hardwareLength }
  }

  /// Bytes of a protocol address: 4.
  @inline(__always)
  public var protocolLength: UInt8 {
    get { pointer.pointee.protocolLength }
    nonmutating _modify { yield &pointer.pointee.protocolLength }
  }

  /// 1: request; 2: reply.
  @inline(__always)
  public var operation: BigEndian<UInt16> {
    get { pointer.pointee.operation }
    nonmutating _modify { yield &pointer.pointee.operation }
  }

  /// The sender's link address.
  @inline(__always)
  public var senderHardware: MACAddress {
    get { pointer.pointee.senderHardware }
    nonmutating _modify { yield &pointer.pointee.senderHardware }
  }

  /// The target's link address; zero in a request.
  @inline(__always)
  public var targetHardware: MACAddress {
    get { pointer.pointee.targetHardware }
    nonmutating _modify { yield &pointer.pointee.targetHardware }
  }

  /// Whether it asks who has an address.
  @inline(__always)
  public var isRequest: Bool { pointer.pointee.isRequest }

  /// Whether it answers.
  @inline(__always)
  public var isReply: Bool { pointer.pointee.isReply }

  /// The sender's address.
  @inline(__always)
  public var sender: IPv4Address {
    get { pointer.pointee.sender }
    nonmutating set { pointer.pointee.sender = newValue }
  }

  /// The address that is asked for.
  @inline(__always)
  public var target: IPv4Address {
    get { pointer.pointee.target }
    nonmutating set { pointer.pointee.target = newValue }
  }
}

extension ReadOnlyHeader where Layout == ARPHeader {
  /// The kind of link: 1 for Ethernet.
  @inline(__always)
  public var hardwareType: BigEndian<UInt16> { pointer.pointee.hardwareType }

  /// The kind of address: `.ipv4`.
  @inline(__always)
  public var protocolType: EtherType { pointer.pointee.protocolType }

  /// Bytes of a link address: 6.
  @inline(__always)
  public var hardwareLength: UInt8 { pointer.pointee.hardwareLength }

  /// Bytes of a protocol address: 4.
  @inline(__always)
  public var protocolLength: UInt8 { pointer.pointee.protocolLength }

  /// 1: request; 2: reply.
  @inline(__always)
  public var operation: BigEndian<UInt16> { pointer.pointee.operation }

  /// The sender's link address.
  @inline(__always)
  public var senderHardware: MACAddress { pointer.pointee.senderHardware }

  /// The target's link address; zero in a request.
  @inline(__always)
  public var targetHardware: MACAddress { pointer.pointee.targetHardware }

  /// Whether it asks who has an address.
  @inline(__always)
  public var isRequest: Bool { pointer.pointee.isRequest }

  /// Whether it answers.
  @inline(__always)
  public var isReply: Bool { pointer.pointee.isReply }

  /// The sender's address.
  @inline(__always)
  public var sender: IPv4Address { pointer.pointee.sender }

  /// The address that is asked for.
  @inline(__always)
  public var target: IPv4Address { pointer.pointee.target }
}
