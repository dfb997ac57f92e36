// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A hardware address of Ethernet: six bytes. Its alignment is that of 16-bit words, as in packets.
@frozen
public struct MACAddress: BitwiseCopyable, Hashable, Sendable {
  /// The six bytes as they lie in memory, as three words read in the processor's order.
  public var words: (UInt16, UInt16, UInt16)

  @inlinable @inline(__always)
  public init(words: (UInt16, UInt16, UInt16)) { self.words = words }

  /// The address a:b:c:d:e:f.
  @inlinable @inline(__always)
  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, _ e: UInt8, _ f: UInt8) {
    words = (
      (UInt16(a) << 8 | UInt16(b)).bigEndian, (UInt16(c) << 8 | UInt16(d)).bigEndian, (UInt16(e) << 8 | UInt16(f)).bigEndian
    )
  }

  @inlinable @inline(__always)
  public static func == (a: MACAddress, b: MACAddress) -> Bool {
    (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2) == 0
  }

  @inlinable
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
  }

  /// ff:ff:ff:ff:ff:ff
  @inlinable @inline(__always)
  public static var broadcast: MACAddress { MACAddress(words: (0xFFFF, 0xFFFF, 0xFFFF)) }

  /// Whether it names a group of stations (the first byte's lowest bit); the broadcast address does.
  @inlinable @inline(__always)
  public var isMulticast: Bool { UInt16(bigEndian: words.0) & 0x0100 != 0 }
}

#if !hasFeature(Embedded)
extension MACAddress: LosslessStringConvertible {
  /// Six hexadecimal numbers of two digits with colons or hyphens between them; `nil` for anything else.
  public init?(_ description: String) {
    let parts = description.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "-" }
    guard parts.count == 6, parts.allSatisfy({ $0.utf8.count == 2 && $0.first != "+" }) else { return nil }
    let bytes = parts.compactMap { UInt8($0, radix: 16) }
    guard bytes.count == 6 else { return nil }
    self.init(bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5])
  }

  public var description: String {
    var text = ""
    for word in [words.0, words.1, words.2] {
      for byte in [UInt16(bigEndian: word) >> 8, UInt16(bigEndian: word) & 0xFF] {
        if !text.isEmpty { text += ":" }
        text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return text
  }
}
#endif
