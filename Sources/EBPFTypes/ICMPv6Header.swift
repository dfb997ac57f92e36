// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The header of ICMPv6: 8 bytes (RFC 4443).
@frozen
public struct ICMPv6Header: PacketHeader, Sendable {
  /// What the message is.
  public var type: ICMPv6Type
  /// Which of its kind.
  public var code: UInt8
  /// The checksum.
  public var checksum: InternetChecksum
  /// Four bytes that depend on the type.
  public var rest: BigEndian<UInt32>

  @inlinable @inline(__always)
  public init(type: ICMPv6Type, code: UInt8, checksum: InternetChecksum, rest: BigEndian<UInt32>) {
    self.type = type
    self.code = code
    self.checksum = checksum
    self.rest = rest
  }
}

extension ICMPv6Header {
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

/// The type of an ICMPv6 message.
@frozen
public struct ICMPv6Type: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt8

  @inlinable @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static func == (a: ICMPv6Type, b: ICMPv6Type) -> Bool { a.rawValue == b.rawValue }

  /// The destination cannot be reached.
  @inlinable @inline(__always)
  public static var destinationUnreachable: ICMPv6Type { ICMPv6Type(rawValue: 1) }
  /// The packet is larger than the link takes.
  @inlinable @inline(__always)
  public static var packetTooBig: ICMPv6Type { ICMPv6Type(rawValue: 2) }
  /// The hop limit ended.
  @inlinable @inline(__always)
  public static var timeExceeded: ICMPv6Type { ICMPv6Type(rawValue: 3) }
  /// A header is wrong.
  @inlinable @inline(__always)
  public static var parameterProblem: ICMPv6Type { ICMPv6Type(rawValue: 4) }
  /// An echo is asked for.
  @inlinable @inline(__always)
  public static var echoRequest: ICMPv6Type { ICMPv6Type(rawValue: 128) }
  /// An echo is answered.
  @inlinable @inline(__always)
  public static var echoReply: ICMPv6Type { ICMPv6Type(rawValue: 129) }
  /// Routers are asked for (RFC 4861).
  @inlinable @inline(__always)
  public static var routerSolicitation: ICMPv6Type { ICMPv6Type(rawValue: 133) }
  /// A router says that it is there.
  @inlinable @inline(__always)
  public static var routerAdvertisement: ICMPv6Type { ICMPv6Type(rawValue: 134) }
  /// A neighbour's link address is asked for.
  @inlinable @inline(__always)
  public static var neighborSolicitation: ICMPv6Type { ICMPv6Type(rawValue: 135) }
  /// A neighbour says its link address.
  @inlinable @inline(__always)
  public static var neighborAdvertisement: ICMPv6Type { ICMPv6Type(rawValue: 136) }
}
