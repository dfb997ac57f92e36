/// Unsigned division by a constant as a multiplication (Granlund and Montgomery, "Division by Invariant Integers using Multiplication").
///
/// Of a number n of `width` bits, 32 or 64, the quotient is `high(multiplier * (n >> preShift)) >> postShift`, where `high` takes the bits
/// above the lower `width`; where ``addsBack`` is set, with t for `high(multiplier * n)`, it is `((n - t) / 2 + t) >> (postShift - 1)`.
struct ConstantDivision {
  var multiplier: UInt64
  var preShift: UInt8 = 0
  var postShift: UInt8
  /// The multiplier has one bit more than the width; it is not in ``multiplier``.
  var addsBack = false

  /// - Parameters:
  ///   - divisor: at least 3, and no power of two.
  ///   - width: 32 or 64.
  init(_ divisor: UInt64, width: Int) {
    let bits = 64 - (divisor - 1).leadingZeroBitCount
    // The least multiplier with `bits - 1` more bits than the width; it is exact enough where its error is small.
    let one = UInt128(1)
    let scale = one << UInt128(width + bits - 1)
    let rounded = (scale + UInt128(divisor) - 1) / UInt128(divisor)
    if rounded * UInt128(divisor) - scale <= one << UInt128(bits - 1) {
      multiplier = UInt64(truncatingIfNeeded: rounded)
      postShift = UInt8(bits - 1)
      return
    }
    let zeros = divisor.trailingZeroBitCount
    if zeros > 0 {
      // Without the low zero bits of both, one bit less is enough.
      let odd = divisor >> UInt64(zeros)
      let oddBits = 64 - (odd - 1).leadingZeroBitCount
      let scale = one << UInt128(width + oddBits - 1)
      multiplier = UInt64(truncatingIfNeeded: (scale + UInt128(odd) - 1) / UInt128(odd))
      preShift = UInt8(zeros)
      postShift = UInt8(oddBits - 1)
      return
    }
    // One bit more than fits. Twice the scale may not fit either: ceil(2s / d) from the parts of s / d.
    let twice = scale / UInt128(divisor) * 2 + ((scale % UInt128(divisor)) * 2 + UInt128(divisor) - 1) / UInt128(divisor)
    multiplier = UInt64(truncatingIfNeeded: twice & ((one << UInt128(width)) - 1))
    postShift = UInt8(bits)
    addsBack = true
  }
}
