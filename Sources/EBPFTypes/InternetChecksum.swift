// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The checksum of IP, TCP, UDP and ICMP: the complement of a one's complement sum (RFC 1071), as it lies in a packet.
///
/// When a field changes, the checksum follows without reading the rest (RFC 1624):
/// ```swift
/// ip.checksum.replace(ip.destination, with: backend)
/// ip.destination = backend
/// ```
@frozen
public struct InternetChecksum: BitwiseCopyable, Hashable, Sendable {
  /// The two bytes as they lie in memory, read in the processor's order.
  public var bytes: UInt16

  @inlinable @inline(__always)
  public init(bytes: UInt16) { self.bytes = bytes }

  /// The checksum of data whose one's complement sum, of words read in the processor's order, is `sum`.
  @inlinable @inline(__always)
  public init(sum: UInt64) {
    var folded = (sum & 0xFFFF_FFFF) &+ (sum >> 32)
    folded = (folded & 0xFFFF) &+ (folded >> 16)
    folded = (folded & 0xFFFF) &+ (folded >> 16)
    folded = (folded & 0xFFFF) &+ (folded >> 16)
    bytes = ~UInt16(truncatingIfNeeded: folded)
  }

  /// Zero: in UDP over IPv4 this says that there is no checksum.
  @inlinable @inline(__always)
  public static var none: InternetChecksum { InternetChecksum(bytes: 0) }

  @inlinable @inline(__always)
  public static func == (a: InternetChecksum, b: InternetChecksum) -> Bool { a.bytes == b.bytes }

  /// Follows a change of four bytes, given as they lie in memory.
  @inlinable @inline(__always)
  public mutating func replace(bytes old: UInt32, with new: UInt32) {
    var sum = UInt32(~bytes) &+ (~old & 0xFFFF) &+ (~old >> 16) &+ (new & 0xFFFF) &+ (new >> 16)
    sum = (sum & 0xFFFF) &+ (sum >> 16)
    sum = (sum & 0xFFFF) &+ (sum >> 16)
    bytes = ~UInt16(truncatingIfNeeded: sum)
  }

  /// Follows a change of two bytes at an even offset, given as they lie in memory.
  @inlinable @inline(__always)
  public mutating func replace(bytes old: UInt16, with new: UInt16) {
    var sum = UInt32(~bytes) &+ UInt32(~old) &+ UInt32(new)
    sum = (sum & 0xFFFF) &+ (sum >> 16)
    sum = (sum & 0xFFFF) &+ (sum >> 16)
    bytes = ~UInt16(truncatingIfNeeded: sum)
  }

  /// Follows a change of an address.
  @inlinable @inline(__always)
  public mutating func replace(_ old: IPv4Address, with new: IPv4Address) { replace(bytes: old.bytes, with: new.bytes) }

  /// Follows a change of an address.
  @inlinable @inline(__always)
  public mutating func replace(_ old: IPv6Address, with new: IPv6Address) {
    replace(bytes: old.words.0, with: new.words.0)
    replace(bytes: old.words.1, with: new.words.1)
    replace(bytes: old.words.2, with: new.words.2)
    replace(bytes: old.words.3, with: new.words.3)
  }

  /// Follows a change of a port.
  @inlinable @inline(__always)
  public mutating func replace(_ old: Port, with new: Port) { replace(bytes: old.bytes, with: new.bytes) }

  /// Follows a change of a 16-bit field.
  @inlinable @inline(__always)
  public mutating func replace(_ old: BigEndian<UInt16>, with new: BigEndian<UInt16>) { replace(bytes: old.bytes, with: new.bytes) }

  /// Follows a change of a 32-bit field.
  @inlinable @inline(__always)
  public mutating func replace(_ old: BigEndian<UInt32>, with new: BigEndian<UInt32>) { replace(bytes: old.bytes, with: new.bytes) }
}

#if !hasFeature(Embedded)
extension InternetChecksum: CustomStringConvertible {
  public var description: String {
    let text = String(UInt16(bigEndian: bytes), radix: 16)
    return "0x" + String(repeating: "0", count: 4 - text.count) + text
  }
}
#endif
