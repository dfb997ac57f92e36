// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// An IPv6 address, in network byte order. Its alignment is that of 32-bit words, as in packets.
@frozen
public struct IPv6Address: BitwiseCopyable, Hashable, Sendable {
  /// The sixteen bytes as they lie in memory, as four words read in the processor's order.
  public var words: (UInt32, UInt32, UInt32, UInt32)

  @inlinable @inline(__always)
  public init(words: (UInt32, UInt32, UInt32, UInt32)) { self.words = words }

  /// The address with these eight groups: `IPv6Address(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)`.
  @inlinable @inline(__always)
  public init(_ a: UInt16, _ b: UInt16, _ c: UInt16, _ d: UInt16, _ e: UInt16, _ f: UInt16, _ g: UInt16, _ h: UInt16) {
    words = (
      (UInt32(a) << 16 | UInt32(b)).bigEndian, (UInt32(c) << 16 | UInt32(d)).bigEndian, (UInt32(e) << 16 | UInt32(f)).bigEndian,
      (UInt32(g) << 16 | UInt32(h)).bigEndian
    )
  }

  /// The IPv4 address mapped into IPv6: ::ffff:a.b.c.d.
  @inlinable @inline(__always)
  public init(mapping address: IPv4Address) { words = (0, 0, UInt32(0xFFFF).bigEndian, address.bytes) }

  @inlinable @inline(__always)
  public static func == (a: IPv6Address, b: IPv6Address) -> Bool {
    (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2) | (a.words.3 ^ b.words.3) == 0
  }

  @inlinable
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }

  /// ::
  @inlinable @inline(__always)
  public static var any: IPv6Address { IPv6Address(words: (0, 0, 0, 0)) }
  /// ::1
  @inlinable @inline(__always)
  public static var loopback: IPv6Address { IPv6Address(0, 0, 0, 0, 0, 0, 0, 1) }

  /// Whether it is in ff00::/8.
  @inlinable @inline(__always)
  public var isMulticast: Bool { UInt32(bigEndian: words.0) >> 24 == 0xFF }
  /// Whether it is in fe80::/10.
  @inlinable @inline(__always)
  public var isLinkLocal: Bool { UInt32(bigEndian: words.0) >> 22 == 0x3FA }
  /// The IPv4 address that it maps (::ffff:0:0/96), if it does.
  @inlinable @inline(__always)
  public var mappedIPv4: IPv4Address? {
    words.0 | words.1 == 0 && words.2 == UInt32(0xFFFF).bigEndian ? IPv4Address(bytes: words.3) : nil
  }
}

#if !hasFeature(Embedded)
extension IPv6Address: LosslessStringConvertible {
  /// The text forms of RFC 4291, section 2.2 (an IPv4 address in the last four bytes included); `nil` for anything else.
  public init?(_ description: String) {
    // Groups before and after "::".
    var before: [UInt16] = []
    var after: [UInt16] = []
    var compressed = false
    var text = Substring(description)
    if text.hasPrefix("::") {
      compressed = true
      text = text.dropFirst(2)
    } else if text.isEmpty || text.hasPrefix(":") {
      return nil
    }
    while !text.isEmpty {
      let end = text.firstIndex(of: ":") ?? text.endIndex
      let part = text[..<end]
      var groups: [UInt16] = []
      if end == text.endIndex, part.contains("."), let address = IPv4Address(String(part)) {
        groups = [UInt16(address.value >> 16), UInt16(truncatingIfNeeded: address.value)]
      } else if (1...4).contains(part.utf8.count), part.first != "+", let group = UInt16(part, radix: 16) {
        groups = [group]
      } else {
        return nil
      }
      if compressed { after += groups } else { before += groups }
      text = text[end...]
      if text.isEmpty { break }
      text = text.dropFirst()
      if text.hasPrefix(":") {
        if compressed { return nil }
        compressed = true
        text = text.dropFirst()
      } else if text.isEmpty {
        return nil
      }
    }
    let count = before.count + after.count
    guard compressed ? count < 8 : count == 8 else { return nil }
    let all = before + Array(repeating: 0, count: 8 - count) + after
    self.init(all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7])
  }

  /// The form of RFC 5952: lower case, the longest run of two or more zero groups as "::".
  public var description: String {
    var groups: [UInt16] = []
    for word in [words.0, words.1, words.2, words.3] {
      let value = UInt32(bigEndian: word)
      groups += [UInt16(value >> 16), UInt16(truncatingIfNeeded: value)]
    }
    if let mapped = mappedIPv4 { return "::ffff:\(mapped)" }
    var longest = 0..<0
    var at = 0
    while at < 8 {
      let end = groups[at...].firstIndex { $0 != 0 } ?? 8
      if end - at > max(longest.count, 1) { longest = at..<end }
      at = max(end, at) + 1
    }
    func text(_ range: Range<Int>) -> String { groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
    return longest.isEmpty ? text(0..<8) : text(0..<longest.lowerBound) + "::" + text(longest.upperBound..<8)
  }
}
#endif
