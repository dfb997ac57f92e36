// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// An IPv4 address, in network byte order.
@frozen
public struct IPv4Address: BitwiseCopyable, Hashable, Sendable {
  /// The four bytes as they lie in memory, read in the processor's order.
  public var bytes: UInt32

  @inlinable @inline(__always)
  public init(bytes: UInt32) { self.bytes = bytes }

  /// The address a.b.c.d.
  @inlinable @inline(__always)
  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    bytes = (UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)).bigEndian
  }

  /// The address as a number: 10.0.0.1 is 0x0A000001.
  @inlinable @inline(__always)
  public init(_ value: UInt32) { bytes = value.bigEndian }

  /// The address as a number: 10.0.0.1 is 0x0A000001.
  @inlinable @inline(__always)
  public var value: UInt32 {
    get { UInt32(bigEndian: bytes) }
    set { bytes = newValue.bigEndian }
  }

  @inlinable @inline(__always)
  public static func == (a: IPv4Address, b: IPv4Address) -> Bool { a.bytes == b.bytes }

  /// 0.0.0.0
  @inlinable @inline(__always)
  public static var any: IPv4Address { IPv4Address(bytes: 0) }
  /// 127.0.0.1
  @inlinable @inline(__always)
  public static var loopback: IPv4Address { IPv4Address(127, 0, 0, 1) }
  /// 255.255.255.255
  @inlinable @inline(__always)
  public static var broadcast: IPv4Address { IPv4Address(bytes: 0xFFFF_FFFF) }

  /// Whether it is in 127.0.0.0/8.
  @inlinable @inline(__always)
  public var isLoopback: Bool { isIn(IPv4Address(127, 0, 0, 0), prefixLength: 8) }
  /// Whether it is in 224.0.0.0/4.
  @inlinable @inline(__always)
  public var isMulticast: Bool { isIn(IPv4Address(224, 0, 0, 0), prefixLength: 4) }
  /// Whether it is in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918).
  @inlinable @inline(__always)
  public var isPrivate: Bool {
    isIn(IPv4Address(10, 0, 0, 0), prefixLength: 8) || isIn(IPv4Address(172, 16, 0, 0), prefixLength: 12)
      || isIn(IPv4Address(192, 168, 0, 0), prefixLength: 16)
  }

  /// Whether its first `prefixLength` bits (0 to 32) are those of a network.
  @inlinable @inline(__always)
  public func isIn(_ network: IPv4Address, prefixLength: Int) -> Bool {
    prefixLength <= 0 || (value ^ network.value) >> UInt32(truncatingIfNeeded: 32 &- prefixLength) == 0
  }

  /// The address with all but the first `prefixLength` bits (0 to 32) zero.
  @inlinable @inline(__always)
  public func network(prefixLength: Int) -> IPv4Address {
    IPv4Address(bytes: bytes & (~UInt32(0) << UInt32(truncatingIfNeeded: 32 &- prefixLength)).bigEndian)
  }
}

#if !hasFeature(Embedded)
extension IPv4Address: LosslessStringConvertible {
  /// Four decimal numbers with points between them; `nil` for anything else.
  public init?(_ description: String) {
    var value: UInt32 = 0
    let parts = description.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    for part in parts {
      var number: UInt32 = 0
      guard (1...3).contains(part.count) else { return nil }
      for digit in part {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        number = number * 10 + UInt32(digit - UInt8(ascii: "0"))
      }
      guard number < 256 else { return nil }
      value = value << 8 | number
    }
    self.init(value)
  }

  public var description: String { "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)" }
}
#endif
