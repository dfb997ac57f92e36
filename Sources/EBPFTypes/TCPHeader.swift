// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The fixed part of a TCP header: 20 bytes; options follow where `headerLength` says so (RFC 9293).
@frozen
public struct TCPHeader: PacketHeader, Sendable {
  /// The sender's port.
  public var sourcePort: Port
  /// The receiver's port.
  public var destinationPort: Port
  /// The number of the first byte of data.
  public var sequence: BigEndian<UInt32>
  /// The number of the byte that the sender waits for.
  public var acknowledgment: BigEndian<UInt32>
  /// The header's length in words of four bytes (4 bits), reserved (3 bits) and flags (9 bits).
  public var offsetAndFlags: BigEndian<UInt16>
  /// How much the sender is ready to receive.
  public var window: BigEndian<UInt16>
  /// The checksum, with the pseudo header.
  public var checksum: InternetChecksum
  /// Where urgent data ends.
  public var urgentPointer: BigEndian<UInt16>

  @inlinable @inline(__always)
  public init(
    sourcePort: Port, destinationPort: Port, sequence: BigEndian<UInt32>, acknowledgment: BigEndian<UInt32>,
    offsetAndFlags: BigEndian<UInt16>, window: BigEndian<UInt16>, checksum: InternetChecksum, urgentPointer: BigEndian<UInt16>
  ) {
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.sequence = sequence
    self.acknowledgment = acknowledgment
    self.offsetAndFlags = offsetAndFlags
    self.window = window
    self.checksum = checksum
    self.urgentPointer = urgentPointer
  }
}

extension TCPHeader {
  /// Bytes of the header with its options: 20 to 60 in a valid segment.
  @inlinable @inline(__always)
  public var headerLength: Int { Int(offsetAndFlags.value >> 12) &* 4 }

  /// The flags.
  @inlinable @inline(__always)
  public var flags: TCPFlags {
    get { TCPFlags(rawValue: UInt8(truncatingIfNeeded: offsetAndFlags.value)) }
    set { offsetAndFlags.value = offsetAndFlags.value & 0xFF00 | UInt16(newValue.rawValue) }
  }

  /// Whether it opens a connection: SYN without ACK.
  @inlinable @inline(__always)
  public var isSYN: Bool { offsetAndFlags.bytes & UInt16(0x0012).bigEndian == UInt16(0x0002).bigEndian }

  /// Whether it accepts a connection: SYN with ACK.
  @inlinable @inline(__always)
  public var isSYNACK: Bool { offsetAndFlags.bytes & UInt16(0x0012).bigEndian == UInt16(0x0012).bigEndian }
}

/// The flags of a TCP segment.
@frozen
public struct TCPFlags: OptionSet, BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt8

  @inlinable @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The sender has no more data.
  @inlinable @inline(__always)
  public static var fin: TCPFlags { TCPFlags(rawValue: 1) }
  /// Sequence numbers are synchronised: a connection opens.
  @inlinable @inline(__always)
  public static var syn: TCPFlags { TCPFlags(rawValue: 2) }
  /// The connection is reset.
  @inlinable @inline(__always)
  public static var rst: TCPFlags { TCPFlags(rawValue: 4) }
  /// Data is to be delivered at once.
  @inlinable @inline(__always)
  public static var psh: TCPFlags { TCPFlags(rawValue: 8) }
  /// The acknowledgment counts.
  @inlinable @inline(__always)
  public static var ack: TCPFlags { TCPFlags(rawValue: 16) }
  /// The urgent pointer counts.
  @inlinable @inline(__always)
  public static var urg: TCPFlags { TCPFlags(rawValue: 32) }
  /// Congestion was seen (RFC 3168).
  @inlinable @inline(__always)
  public static var ece: TCPFlags { TCPFlags(rawValue: 64) }
  /// The congestion window was made smaller (RFC 3168).
  @inlinable @inline(__always)
  public static var cwr: TCPFlags { TCPFlags(rawValue: 128) }
}
