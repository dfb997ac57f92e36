// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A key of a longest-prefix-match map: how many leading bits count, and the bits, most significant first.
///
/// The layout is the kernel's `struct bpf_lpm_trie_key_u8`. `Bits` is any plain type in network byte order.
@frozen
public struct Prefix<Bits: BitwiseCopyable>: BitwiseCopyable {
  /// How many leading bits of ``bits`` count.
  public var length: UInt32
  /// The bits.
  public var bits: Bits

  /// The first `length` bits of `bits`.
  @inlinable @inline(__always)
  public init(_ bits: Bits, length: Int) {
    self.length = UInt32(truncatingIfNeeded: length)
    self.bits = bits
  }

  /// All bits: what is asked for in a lookup.
  @inlinable @inline(__always)
  public init(_ bits: Bits) {
    length = UInt32(truncatingIfNeeded: MemoryLayout<Bits>.size &* 8)
    self.bits = bits
  }
}

extension Prefix: Sendable where Bits: Sendable {}
extension Prefix: Equatable where Bits: Equatable {}
extension Prefix: Hashable where Bits: Hashable {}

/// A network of IPv4: 10.0.0.0/8.
public typealias IPv4Prefix = Prefix<IPv4Address>
/// A network of IPv6: 2001:db8::/32.
public typealias IPv6Prefix = Prefix<IPv6Address>

#if !hasFeature(Embedded)
extension Prefix: CustomStringConvertible where Bits: CustomStringConvertible {
  public var description: String { "\(bits)/\(length)" }
}
#endif
