// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The header of ICMP: 8 bytes (RFC 792).
@frozen
public struct ICMPHeader: PacketHeader, Sendable {
  /// What the message is.
  public var type: ICMPType
  /// Which of its kind.
  public var code: UInt8
  /// The checksum.
  public var checksum: InternetChecksum
  /// Four bytes that depend on the type.
  public var rest: BigEndian<UInt32>

  @inlinable @inline(__always)
  public init(type: ICMPType, code: UInt8, checksum: InternetChecksum, rest: BigEndian<UInt32>) {
    self.type = type
    self.code = code
    self.checksum = checksum
    self.rest = rest
  }
}

extension ICMPHeader {
  /// Of an echo: whose it is.
  @inlinable @inline(__always)
  public var identifier: UInt16 {
    get { UInt16(truncatingIfNeeded: rest.value >> 16) }
    set { rest.value = rest.value & 0xFFFF | UInt32(newValue) << 16 }
  }

  /// Of an echo: which one.
  @inlinable @inline(__always)
  public var sequence: UInt16 {
    get { UInt16(truncatingIfNeeded: rest.value) }
    set { rest.value = rest.value & 0xFFFF_0000 | UInt32(newValue) }
  }
}

/// The type of an ICMP message.
@frozen
public struct ICMPType: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt8

  @inlinable @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static func == (a: ICMPType, b: ICMPType) -> Bool { a.rawValue == b.rawValue }

  /// An echo is answered.
  @inlinable @inline(__always)
  public static var echoReply: ICMPType { ICMPType(rawValue: 0) }
  /// The destination cannot be reached.
  @inlinable @inline(__always)
  public static var destinationUnreachable: ICMPType { ICMPType(rawValue: 3) }
  /// There is a better way.
  @inlinable @inline(__always)
  public static var redirect: ICMPType { ICMPType(rawValue: 5) }
  /// An echo is asked for.
  @inlinable @inline(__always)
  public static var echoRequest: ICMPType { ICMPType(rawValue: 8) }
  /// The time to live ended.
  @inlinable @inline(__always)
  public static var timeExceeded: ICMPType { ICMPType(rawValue: 11) }
  /// A header is wrong.
  @inlinable @inline(__always)
  public static var parameterProblem: ICMPType { ICMPType(rawValue: 12) }
}
