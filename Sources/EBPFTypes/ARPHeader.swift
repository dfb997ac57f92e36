// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A packet of the address resolution protocol for Ethernet and IPv4: 28 bytes (RFC 826).
@frozen
public struct ARPHeader: PacketHeader, Sendable {
  /// The kind of link: 1 for Ethernet.
  public var hardwareType: BigEndian<UInt16>
  /// The kind of address: `.ipv4`.
  public var protocolType: EtherType
  /// Bytes of a link address: 6.
  public var hardwareLength: UInt8
  /// Bytes of a protocol address: 4.
  public var protocolLength: UInt8
  /// 1: request; 2: reply.
  public var operation: BigEndian<UInt16>
  /// The sender's link address.
  public var senderHardware: MACAddress
  /// The sender's IPv4 address, as it lies there: not on a boundary of four bytes.
  public var senderWords: (UInt16, UInt16)
  /// The target's link address; zero in a request.
  public var targetHardware: MACAddress
  /// The target's IPv4 address, as it lies there.
  public var targetWords: (UInt16, UInt16)

  @inlinable @inline(__always)
  public init(
    hardwareType: BigEndian<UInt16>, protocolType: EtherType, hardwareLength: UInt8, protocolLength: UInt8, operation: BigEndian<UInt16>,
    senderHardware: MACAddress, senderWords: (UInt16, UInt16), targetHardware: MACAddress, targetWords: (UInt16, UInt16)
  ) {
    self.hardwareType = hardwareType
    self.protocolType = protocolType
    self.hardwareLength = hardwareLength
    self.protocolLength = protocolLength
    self.operation = operation
    self.senderHardware = senderHardware
    self.senderWords = senderWords
    self.targetHardware = targetHardware
    self.targetWords = targetWords
  }
}

extension ARPHeader {
  /// Whether it asks who has an address.
  @inlinable @inline(__always)
  public var isRequest: Bool { operation == 1 }

  /// Whether it answers.
  @inlinable @inline(__always)
  public var isReply: Bool { operation == 2 }

  /// The sender's address.
  @inlinable @inline(__always)
  public var sender: IPv4Address {
    get { IPv4Address(bytes: arpWords(senderWords)) }
    set { senderWords = arpHalves(newValue.bytes) }
  }

  /// The address that is asked for.
  @inlinable @inline(__always)
  public var target: IPv4Address {
    get { IPv4Address(bytes: arpWords(targetWords)) }
    set { targetWords = arpHalves(newValue.bytes) }
  }
}

/// Two halves in memory order as one word.
@usableFromInline @inline(__always)
func arpWords(_ halves: (UInt16, UInt16)) -> UInt32 {
  (UInt32(UInt16(bigEndian: halves.0)) << 16 | UInt32(UInt16(bigEndian: halves.1))).bigEndian
}

/// A word as two halves in memory order.
@usableFromInline @inline(__always)
func arpHalves(_ word: UInt32) -> (UInt16, UInt16) {
  let value = UInt32(bigEndian: word)
  return (UInt16(truncatingIfNeeded: value >> 16).bigEndian, UInt16(truncatingIfNeeded: value).bigEndian)
}
