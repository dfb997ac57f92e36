import CEBPF
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension HelperTable {
  /// SYN cookies without a socket (`net/core/filter.c`, `net/ipv4/syncookies.c`): a sequence number that lets a server answer a SYN and keep
  /// nothing. This process has a secret of its own, so that cookies are good here for about two minutes, and not in the kernel.
  static var synCookieHelpers: [Entry] {
    [
      Entry(.tcpRawGenSyncookieIpv4) { ip, tcp, length, _, _, _ in makeCookie(SynCookie.ipv4, pointer(ip), pointer(tcp), count32(length)) },
      Entry(.tcpRawGenSyncookieIpv6) { ip, tcp, length, _, _, _ in makeCookie(SynCookie.ipv6, pointer(ip), pointer(tcp), count32(length)) },
      Entry(.tcpRawCheckSyncookieIpv4) { ip, tcp, _, _, _, _ in
        SynCookie.ipv4.accepts(pointer(ip), pointer(tcp)) ? 0 : .error(.eacces)
      },
      Entry(.tcpRawCheckSyncookieIpv6) { ip, tcp, _, _, _, _ in
        SynCookie.ipv6.accepts(pointer(ip), pointer(tcp)) ? 0 : .error(.eacces)
      },
    ]
  }
}

/// The cookie for a SYN in the low 32 bits, and the segment size that it stands for above.
private func makeCookie(_ kind: SynCookie, _ ip: UnsafeRawPointer, _ tcp: UnsafeRawPointer, _ length: Int) -> UInt64 {
  guard length >= TCPHeader.size, length == TCPHeader.length(tcp) else { return .error(.einval) }
  let wanted = TCPHeader.maximumSegment(tcp, length: length) ?? kind.defaultSegment
  let index = kind.segments.lastIndex { $0 <= wanted } ?? 0
  let cookie = kind.cookie(ip, tcp, sequence: TCPHeader.sequence(tcp), data: UInt32(index), minutes: SynCookie.minutes)
  return UInt64(cookie) | UInt64(kind.segments[index]) << 32
}

/// The fields of a TCP header that cookies are made of (RFC 9293 section 3.1).
private enum TCPHeader {
  static let size = 20
  /// The kind of option that tells the largest segment.
  static let segmentOption: UInt8 = 2

  static func length(_ tcp: UnsafeRawPointer) -> Int { Int(tcp.load(fromByteOffset: 12, as: UInt8.self) >> 4) * 4 }

  static func sequence(_ tcp: UnsafeRawPointer) -> UInt32 { UInt32(bigEndian: tcp.loadUnaligned(fromByteOffset: 4, as: UInt32.self)) }

  static func acknowledgement(_ tcp: UnsafeRawPointer) -> UInt32 {
    UInt32(bigEndian: tcp.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
  }

  /// The segment size that the options name, the last where there are several; `nil` for none, and for 0.
  static func maximumSegment(_ tcp: UnsafeRawPointer, length: Int) -> UInt16? {
    var found: UInt16?
    var position = size
    while position < length {
      let kind = tcp.load(fromByteOffset: position, as: UInt8.self)
      if kind == 0 { break }
      if kind == 1 {
        position += 1
        continue
      }
      guard position + 1 < length else { break }
      let count = Int(tcp.load(fromByteOffset: position + 1, as: UInt8.self))
      guard count >= 2, position + count <= length else { break }
      if kind == segmentOption, count == 4 {
        let segment = UInt16(bigEndian: tcp.loadUnaligned(fromByteOffset: position + 2, as: UInt16.self))
        if segment != 0 { found = segment }
      }
      position += count
    }
    return found
  }
}

/// How cookies are made for one version of IP.
private struct SynCookie: Sendable {
  /// The segment sizes that the low bits of a cookie stand for.
  var segments: [UInt16]
  /// The size where the SYN names none.
  var defaultSegment: UInt16
  /// Where source and destination begin in the header, and their bytes together.
  var addressOffset: Int
  var addressCount: Int

  static let ipv4 = SynCookie(segments: [536, 1300, 1440, 1460], defaultSegment: 536, addressOffset: 12, addressCount: 8)
  static let ipv6 = SynCookie(
    segments: [1280 - 60, 1480 - 60, 1500 - 60, 9000 - 60], defaultSegment: 1280 - 60, addressOffset: 8, addressCount: 32)

  /// The low bits, which hold the segment size under a hash that changes every minute; above them the minute.
  private static let bits: UInt32 = 24
  private static let mask: UInt32 = 1 << bits - 1
  /// Minutes that a cookie is good for.
  private static let maximumAge: UInt32 = 2

  private static let secrets: [(UInt64, UInt64)] = (0..<2).map { _ in (.random(in: 0 ... .max), .random(in: 0 ... .max)) }

  static var minutes: UInt32 { UInt32(truncatingIfNeeded: nanoseconds(CLOCK_MONOTONIC) / 60_000_000_000) }

  func cookie(_ ip: UnsafeRawPointer, _ tcp: UnsafeRawPointer, sequence: UInt32, data: UInt32, minutes: UInt32) -> UInt32 {
    hash(ip, tcp, 0, 0) &+ sequence &+ minutes << Self.bits &+ (hash(ip, tcp, minutes, 1) &+ data) & Self.mask
  }

  /// Whether an ACK acknowledges a cookie of ours.
  func accepts(_ ip: UnsafeRawPointer, _ tcp: UnsafeRawPointer) -> Bool {
    let rest = TCPHeader.acknowledgement(tcp) &- 1 &- hash(ip, tcp, 0, 0) &- (TCPHeader.sequence(tcp) &- 1)
    let now = Self.minutes
    let age = (now &- rest >> Self.bits) & (UInt32.max >> Self.bits)
    guard age < Self.maximumAge else { return false }
    return (rest &- hash(ip, tcp, now &- age, 1)) & Self.mask < UInt32(segments.count)
  }

  private func hash(_ ip: UnsafeRawPointer, _ tcp: UnsafeRawPointer, _ minutes: UInt32, _ secret: Int) -> UInt32 {
    var state = SipHash(Self.secrets[secret])
    for offset in stride(from: addressOffset, to: addressOffset + addressCount, by: 8) {
      state.add(ip.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    state.add(UInt64(tcp.loadUnaligned(as: UInt32.self)) << 32 | UInt64(minutes))
    return UInt32(truncatingIfNeeded: state.finish())
  }
}

/// SipHash-2-4 (Aumasson and Bernstein) over whole words.
private struct SipHash {
  private var v0, v1, v2, v3: UInt64
  private var count: UInt64 = 0

  init(_ key: (UInt64, UInt64)) {
    v0 = key.0 ^ 0x736f_6d65_7073_6575
    v1 = key.1 ^ 0x646f_7261_6e64_6f6d
    v2 = key.0 ^ 0x6c79_6765_6e65_7261
    v3 = key.1 ^ 0x7465_6462_7974_6573
  }

  private mutating func round() {
    func left(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 - bits) }
    v0 = v0 &+ v1
    v1 = left(v1, 13) ^ v0
    v0 = left(v0, 32)
    v2 = v2 &+ v3
    v3 = left(v3, 16) ^ v2
    v0 = v0 &+ v3
    v3 = left(v3, 21) ^ v0
    v2 = v2 &+ v1
    v1 = left(v1, 17) ^ v2
    v2 = left(v2, 32)
  }

  mutating func add(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
    count += 8
  }

  mutating func finish() -> UInt64 {
    let last = count << 56
    v3 ^= last
    round()
    round()
    v0 ^= last
    v2 ^= 0xff
    for _ in 0..<4 { round() }
    return v0 ^ v1 ^ v2 ^ v3
  }
}
