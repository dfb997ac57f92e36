/// A tracked number: what is known of each bit of a 64-bit value.
///
/// The kernel's tristate numbers (`include/linux/tnum.h`; "Sound, Precise, and Fast Abstract Interpretation with Tristate Numbers", CGO 2022).
struct Tnum: Hashable, Sendable {
  /// The bits known to be one.
  var value: UInt64
  /// The bits of which nothing is known; none of them is set in ``value``.
  var mask: UInt64

  static let unknown = Tnum(value: 0, mask: .max)

  @inline(__always)
  init(value: UInt64, mask: UInt64) {
    self.value = value
    self.mask = mask
  }

  @inline(__always)
  init(constant: UInt64) {
    value = constant
    mask = 0
  }

  /// What all numbers of a range have in common: their leading bits.
  init(range: ClosedRange<UInt64>) {
    let differing = range.lowerBound ^ range.upperBound
    let free = differing == 0 ? 0 : UInt64.max >> UInt64(differing.leadingZeroBitCount)
    self.init(value: range.lowerBound & ~free, mask: free)
  }

  var isConstant: Bool { mask == 0 }
  var isUnknown: Bool { mask == .max }

  /// Nothing known where either says nothing, ones where a sum of known bits cannot be disturbed by a carry.
  static func + (left: Tnum, right: Tnum) -> Tnum {
    let sum = left.value &+ right.value
    let carried = (left.mask &+ right.mask &+ sum) ^ sum
    let unknown = carried | left.mask | right.mask
    return Tnum(value: sum & ~unknown, mask: unknown)
  }

  static func - (left: Tnum, right: Tnum) -> Tnum {
    let difference = left.value &- right.value
    let borrowed = (difference &+ left.mask) ^ (difference &- right.mask)
    let unknown = borrowed | left.mask | right.mask
    return Tnum(value: difference & ~unknown, mask: unknown)
  }

  /// The sum of the partial products of each bit of the left, which the right joins in full, in part or not at all.
  static func * (left: Tnum, right: Tnum) -> Tnum {
    if left.isConstant, right.isConstant { return Tnum(constant: left.value &* right.value) }
    var result = Tnum(constant: 0)
    var left = left
    var right = right
    while left.value | left.mask != 0 {
      if left.value & 1 != 0 {
        result = result + right
      } else if left.mask & 1 != 0 {
        result = result.union(result + right)
      }
      left = left >> 1
      right = right << 1
    }
    return result
  }

  static func & (left: Tnum, right: Tnum) -> Tnum {
    let ones = left.value & right.value
    return Tnum(value: ones, mask: (left.value | left.mask) & (right.value | right.mask) & ~ones)
  }

  static func | (left: Tnum, right: Tnum) -> Tnum {
    let ones = left.value | right.value
    return Tnum(value: ones, mask: (left.mask | right.mask) & ~ones)
  }

  static func ^ (left: Tnum, right: Tnum) -> Tnum {
    let unknown = left.mask | right.mask
    return Tnum(value: (left.value ^ right.value) & ~unknown, mask: unknown)
  }

  static func << (number: Tnum, shift: UInt64) -> Tnum { Tnum(value: number.value &<< shift, mask: number.mask &<< shift) }

  static func >> (number: Tnum, shift: UInt64) -> Tnum { Tnum(value: number.value &>> shift, mask: number.mask &>> shift) }

  /// A shift that repeats the sign bit, known or not; of the low half where `is32`.
  func shiftedArithmetically(by shift: UInt64, is32: Bool) -> Tnum {
    if is32 {
      let shift = Int32(truncatingIfNeeded: shift)
      return Tnum(
        value: UInt64(UInt32(bitPattern: Int32(truncatingIfNeeded: value) &>> shift)),
        mask: UInt64(UInt32(bitPattern: Int32(truncatingIfNeeded: mask) &>> shift)))
    }
    let shift = Int64(bitPattern: shift)
    return Tnum(value: UInt64(bitPattern: Int64(bitPattern: value) &>> shift), mask: UInt64(bitPattern: Int64(bitPattern: mask) &>> shift))
  }

  /// What both say; it means something only where one value can satisfy both.
  func intersection(_ other: Tnum) -> Tnum {
    let unknown = mask & other.mask
    return Tnum(value: (value | other.value) & ~unknown, mask: unknown)
  }

  /// What holds of a value that satisfies either.
  func union(_ other: Tnum) -> Tnum {
    let unknown = mask | other.mask | (value ^ other.value)
    return Tnum(value: value & ~unknown, mask: unknown)
  }

  /// Whether some value satisfies both.
  func overlaps(_ other: Tnum) -> Bool { (value ^ other.value) & ~(mask | other.mask) == 0 }

  /// Whether every value that satisfies `other` satisfies this.
  func contains(_ other: Tnum) -> Bool { other.mask & ~mask == 0 && value == other.value & ~mask }

  /// Whether the number is a multiple of `size`, a power of two.
  func isAligned(to size: UInt64) -> Bool { (value | mask) & (size &- 1) == 0 }

  /// The low bytes, the others zero.
  func truncated(toBytes count: Int) -> Tnum {
    let kept = count >= 8 ? UInt64.max : (1 << UInt64(8 * count)) - 1
    return Tnum(value: value & kept, mask: mask & kept)
  }

  /// The low 32 bits, the others zero.
  var low: Tnum { Tnum(value: value & 0xffff_ffff, mask: mask & 0xffff_ffff) }

  /// The high 32 bits in their place, the others zero.
  var high: Tnum { Tnum(value: value & ~0xffff_ffff, mask: mask & ~0xffff_ffff) }

  /// These high 32 bits with other low ones.
  func withLow(_ other: Tnum) -> Tnum { high | other.low }
}

extension Tnum: CustomStringConvertible {
  /// As the kernel prints it: `(0x0; 0xff)`.
  var description: String { "(0x\(String(value, radix: 16)); 0x\(String(mask, radix: 16)))" }
}
