/// Sums of the Internet checksum (RFC 1071) in the forms in which the kernel keeps them: 32 bits unfolded (`__wsum`), 16 bits folded and
/// complemented (`__sum16`), both as the words lie in memory. Equal to the kernel's on x86-64 in every bit (`arch/x86/lib/csum-partial_64.c`).
enum Checksum {
  /// One's-complement addition of unfolded sums (`csum_add`).
  @inline(__always)
  static func add(_ a: UInt32, _ b: UInt32) -> UInt32 {
    let (sum, carry) = a.addingReportingOverflow(b)
    return sum &+ (carry ? 1 : 0)
  }

  /// `csum_sub`
  @inline(__always)
  static func subtract(_ a: UInt32, _ b: UInt32) -> UInt32 { add(a, ~b) }

  /// One's-complement addition of folded sums (`csum16_add`).
  @inline(__always)
  static func add16(_ a: UInt16, _ b: UInt16) -> UInt16 {
    let (sum, carry) = a.addingReportingOverflow(b)
    return sum &+ (carry ? 1 : 0)
  }

  /// The sixteen bits that an unfolded sum stands for (`csum_from32to16`).
  @inline(__always)
  static func fold(_ sum: UInt32) -> UInt16 {
    let high = sum &+ (sum >> 16 | sum << 16)
    return UInt16(truncatingIfNeeded: high >> 16)
  }

  /// A checksum as a header holds it (`csum_fold`).
  @inline(__always)
  static func finish(_ sum: UInt32) -> UInt16 { ~fold(sum) }

  /// Adds memory to a sum (`csum_partial`).
  /// - Parameter count: bytes, a multiple of 4.
  @inline(__always)
  static func sum(_ bytes: UnsafeRawPointer, _ count: Int, _ start: UInt32) -> UInt32 {
    var sum = UInt64(start)
    var offset = 0
    while offset &+ 8 <= count {
      let (next, carry) = sum.addingReportingOverflow(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      sum = next &+ (carry ? 1 : 0)
      offset &+= 8
    }
    if offset < count {
      let (next, carry) = sum.addingReportingOverflow(UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
      sum = next &+ (carry ? 1 : 0)
    }
    return UInt32(truncatingIfNeeded: (sum &+ (sum >> 32 | sum << 32)) >> 32)
  }
}
