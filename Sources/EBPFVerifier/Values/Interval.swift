/// The two widths in which a register's bounds are kept.
protocol BoundedWord: FixedWidthInteger & UnsignedInteger & Sendable {
  associatedtype Signed: FixedWidthInteger & SignedInteger & Sendable
  init(bitPattern: Signed)
}

extension UInt64: BoundedWord {
  typealias Signed = Int64
}

extension UInt32: BoundedWord {
  typealias Signed = Int32
}

/// What a word lies between, read without a sign and with one. Each pair of bounds holds on its own.
struct Interval<Word: BoundedWord>: Hashable, Sendable {
  var umin: Word
  var umax: Word
  var smin: Word.Signed
  var smax: Word.Signed

  static var unbounded: Self { Self(umin: .min, umax: .max, smin: .min, smax: .max) }

  @inline(__always)
  init(umin: Word, umax: Word, smin: Word.Signed, smax: Word.Signed) {
    self.umin = umin
    self.umax = umax
    self.smin = smin
    self.smax = smax
  }

  @inline(__always)
  init(constant: Word) {
    let signed = Word.Signed(truncatingIfNeeded: constant)
    self.init(umin: constant, umax: constant, smin: signed, smax: signed)
  }

  /// Unsigned bounds, and the signed ones that follow from them.
  init(umin: Word, umax: Word) {
    self.init(umin: umin, umax: umax, smin: .min, smax: .max)
    setSignedFromUnsigned()
  }

  var isConstant: Bool { umin == umax && smin == smax }

  /// Whether any word satisfies each pair of bounds.
  var isPossible: Bool { umin <= umax && smin <= smax }

  /// Whether all words of `other` are in this.
  func contains(_ other: Self) -> Bool { umin <= other.umin && umax >= other.umax && smin <= other.smin && smax >= other.smax }

  @inline(__always)
  mutating func forgetSigned() {
    smin = .min
    smax = .max
  }

  @inline(__always)
  mutating func forgetUnsigned() {
    umin = .min
    umax = .max
  }

  /// The bounds that a range without a sign is for the same words with one; unbounded where it crosses the sign.
  mutating func setSignedFromUnsigned() {
    let low = Word.Signed(truncatingIfNeeded: umin)
    let high = Word.Signed(truncatingIfNeeded: umax)
    if low <= high {
      smin = low
      smax = high
    } else {
      forgetSigned()
    }
  }

  @inline(__always)
  mutating func limitUnsigned(_ low: Word, _ high: Word) {
    umin = max(umin, low)
    umax = min(umax, high)
  }

  @inline(__always)
  mutating func limitSigned(_ low: Word.Signed, _ high: Word.Signed) {
    smin = max(smin, low)
    smax = min(smax, high)
  }

  mutating func limit(_ other: Self) {
    limitUnsigned(other.umin, other.umax)
    limitSigned(other.smin, other.smax)
  }

  /// What known bits say of the bounds: `value` the ones, `mask` the unknown.
  mutating func limit(value: Word, mask: Word) {
    let signBit = Word(1) << Word(Word.bitWidth - 1)
    limitSigned(Word.Signed(truncatingIfNeeded: value | (mask & signBit)), Word.Signed(truncatingIfNeeded: value | (mask & ~signBit)))
    limitUnsigned(value, value | mask)
  }

  /// Lets the signed and the unsigned bounds inform each other.
  mutating func deduce() {
    let low = Word.Signed(truncatingIfNeeded: umin)
    let high = Word.Signed(truncatingIfNeeded: umax)
    if low <= high { limitSigned(low, high) }
    let first = Word(bitPattern: smin)
    let last = Word(bitPattern: smax)
    if first <= last {
      limitUnsigned(first, last)
    } else if umax < first {
      // The signed range is split in two as seen without a sign, and only its part from zero on can be meant…
      smin = Word.Signed(truncatingIfNeeded: umin)
      umax = min(umax, last)
    } else if last < umin {
      // … or only its negative part.
      smax = Word.Signed(truncatingIfNeeded: umax)
      umin = max(umin, first)
    }
  }

  // MARK: Arithmetic

  mutating func add(_ other: Self) {
    let (low, lowOverflows) = smin.addingReportingOverflow(other.smin)
    let (high, highOverflows) = smax.addingReportingOverflow(other.smax)
    if lowOverflows || highOverflows { forgetSigned() } else { (smin, smax) = (low, high) }
    let (least, leastWraps) = umin.addingReportingOverflow(other.umin)
    let (most, mostWraps) = umax.addingReportingOverflow(other.umax)
    // Where all sums wrap, their order stays.
    if leastWraps != mostWraps { forgetUnsigned() } else { (umin, umax) = (least, most) }
  }

  mutating func subtract(_ other: Self) {
    let (low, lowOverflows) = smin.subtractingReportingOverflow(other.smax)
    let (high, highOverflows) = smax.subtractingReportingOverflow(other.smin)
    if lowOverflows || highOverflows { forgetSigned() } else { (smin, smax) = (low, high) }
    let (least, leastWraps) = umin.subtractingReportingOverflow(other.umax)
    let (most, mostWraps) = umax.subtractingReportingOverflow(other.umin)
    if leastWraps != mostWraps { forgetUnsigned() } else { (umin, umax) = (least, most) }
  }

  mutating func multiply(_ other: Self) {
    let (least, leastWraps) = umin.multipliedReportingOverflow(by: other.umin)
    let (most, mostWraps) = umax.multipliedReportingOverflow(by: other.umax)
    if leastWraps || mostWraps { forgetUnsigned() } else { (umin, umax) = (least, most) }
    let products = (
      smin.multipliedReportingOverflow(by: other.smin), smin.multipliedReportingOverflow(by: other.smax),
      smax.multipliedReportingOverflow(by: other.smin), smax.multipliedReportingOverflow(by: other.smax)
    )
    if products.0.overflow || products.1.overflow || products.2.overflow || products.3.overflow {
      forgetSigned()
    } else {
      smin = min(products.0.partialValue, products.1.partialValue, products.2.partialValue, products.3.partialValue)
      smax = max(products.0.partialValue, products.1.partialValue, products.2.partialValue, products.3.partialValue)
    }
  }

  /// After `and`: `value` are the result's known ones.
  mutating func and(_ other: Self, value: Word) {
    umin = value
    umax = min(umax, other.umax)
    setSignedFromUnsigned()
  }

  /// After `or`: `value` and `mask` are the result's known bits.
  mutating func or(_ other: Self, value: Word, mask: Word) {
    umin = max(umin, other.umin)
    umax = value | mask
    setSignedFromUnsigned()
  }

  /// After `xor`: `value` and `mask` are the result's known bits.
  mutating func xor(value: Word, mask: Word) {
    umin = value
    umax = value | mask
    setSignedFromUnsigned()
  }

  /// A shift to the left by a known number below the width.
  mutating func shiftLeft(_ shift: Word) {
    forgetSigned()
    if umax > Word(1) << (Word(Word.bitWidth - 1) - shift) {
      forgetUnsigned()
    } else {
      umin <<= shift
      umax <<= shift
    }
  }

  /// A shift to the right by a known number below the width.
  mutating func shiftRight(_ shift: Word) {
    forgetSigned()
    umin >>= shift
    umax >>= shift
  }

  /// A shift to the right, with sign, by a known number below the width.
  mutating func shiftRightArithmetically(_ shift: Word) {
    smin >>= Word.Signed(shift)
    smax >>= Word.Signed(shift)
    forgetUnsigned()
  }
}
