/// What is known of a number in a register: its bits, and its bounds as a 64-bit and as a 32-bit word, with and without a sign.
///
/// The kernel's domain (`struct bpf_reg_state` of a `SCALAR_VALUE`), deductions included, so that its verdicts and its words for a value are
/// ours. Every operation gives a description of all values that the machine's operation can give.
package struct Scalar: Hashable, Sendable {
  var bits: Tnum
  /// All 64 bits.
  var wide: Interval<UInt64>
  /// The low 32 bits.
  var half: Interval<UInt32>

  package static let unknown = Scalar(bits: .unknown, wide: .unbounded, half: .unbounded)

  @inline(__always)
  init(bits: Tnum, wide: Interval<UInt64>, half: Interval<UInt32>) {
    self.bits = bits
    self.wide = wide
    self.half = half
  }

  @inline(__always)
  package init(constant: UInt64) {
    self.init(
      bits: Tnum(constant: constant), wide: Interval(constant: constant), half: Interval(constant: UInt32(truncatingIfNeeded: constant)))
  }

  /// Any number of a range.
  package init(range: ClosedRange<UInt64>) {
    self = .unknown
    wide = Interval(umin: range.lowerBound, umax: range.upperBound)
    sync()
  }

  /// Any number of a range of signed numbers.
  package init(signedRange: ClosedRange<Int64>) {
    self = .unknown
    wide.limitSigned(signedRange.lowerBound, signedRange.upperBound)
    sync()
  }

  /// Any number of so many bytes, loaded without sign extension.
  init(bytes: Int) {
    self = .unknown
    if bytes < 8 { truncate(toBytes: bytes) }
  }

  var umin: UInt64 {
    get { wide.umin }
    set { wide.umin = newValue }
  }
  var umax: UInt64 {
    get { wide.umax }
    set { wide.umax = newValue }
  }
  var smin: Int64 {
    get { wide.smin }
    set { wide.smin = newValue }
  }
  var smax: Int64 {
    get { wide.smax }
    set { wide.smax = newValue }
  }
  var u32min: UInt32 {
    get { half.umin }
    set { half.umin = newValue }
  }
  var u32max: UInt32 {
    get { half.umax }
    set { half.umax = newValue }
  }
  var s32min: Int32 {
    get { half.smin }
    set { half.smin = newValue }
  }
  var s32max: Int32 {
    get { half.smax }
    set { half.smax = newValue }
  }

  /// The number, where it is known.
  var constant: UInt64? { bits.isConstant ? bits.value : nil }

  /// The low 32 bits, where they are known.
  var constant32: UInt32? { bits.low.isConstant ? UInt32(truncatingIfNeeded: bits.value) : nil }

  var isUnknown: Bool { self == .unknown }

  /// Whether there is a number that satisfies each of the bounds; a branch whose condition leaves none is never taken.
  var isPossible: Bool {
    wide.isPossible && half.isPossible && bits.value & bits.mask == 0
      && (!bits.isConstant || (wide.umin <= bits.value && bits.value <= wide.umax))
  }

  /// Whether all that `other` can be, this can be (the kernel's `range_within` and `tnum_in`).
  package func contains(_ other: Scalar) -> Bool { wide.contains(other.wide) && half.contains(other.half) && bits.contains(other.bits) }

  /// The least description that holds of either.
  package func joined(with other: Scalar) -> Scalar {
    Scalar(
      bits: bits.union(other.bits),
      wide: Interval(
        umin: min(umin, other.umin), umax: max(umax, other.umax), smin: min(smin, other.smin), smax: max(smax, other.smax)),
      half: Interval(
        umin: min(u32min, other.u32min), umax: max(u32max, other.u32max), smin: min(s32min, other.s32min),
        smax: max(s32max, other.s32max)))
  }

  // MARK: Deduction

  /// Lets bits and bounds inform each other.
  mutating func sync() {
    limitByBits()
    deduce()
    deduce()
    deduce()
    limitBitsByBounds()
    limitByBits()
  }

  mutating func limitByBits() {
    half.limit(value: UInt32(truncatingIfNeeded: bits.value), mask: UInt32(truncatingIfNeeded: bits.mask))
    wide.limit(value: bits.value, mask: bits.mask)
  }

  private mutating func deduce() {
    limitHalfByWide()
    half.deduce()
    wide.deduce()
    limitWideByHalf()
  }

  private mutating func limitBitsByBounds() {
    // A contradiction has no bits; whoever made it sees that it is not possible.
    guard umin <= umax, u32min <= u32max else { return }
    let narrowed = bits.intersection(Tnum(range: umin...umax))
    bits = narrowed.withLow(narrowed.low.intersection(Tnum(range: UInt64(u32min)...UInt64(u32max))))
  }

  /// Where the upper half is the same throughout a range, the lower halves are a range too.
  private mutating func limitHalfByWide() {
    func low(_ value: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: value) }
    func signedLow(_ value: UInt64) -> Int32 { Int32(truncatingIfNeeded: value) }
    if umin >> 32 == umax >> 32 {
      half.limitUnsigned(low(umin), low(umax))
      if signedLow(umin) <= signedLow(umax) { half.limitSigned(signedLow(umin), signedLow(umax)) }
    }
    let first = UInt64(bitPattern: smin)
    let last = UInt64(bitPattern: smax)
    if smin >> 32 == smax >> 32 {
      if low(first) <= low(last) { half.limitUnsigned(low(first), low(last)) }
      if signedLow(first) <= signedLow(last) { half.limitSigned(signedLow(first), signedLow(last)) }
    }
    // Two upper halves in a row, and lower ones from a negative to a positive number: [-1, 1].
    if low(umin >> 32) &+ 1 == low(umax >> 32), signedLow(umin) < 0, signedLow(umax) >= 0 {
      half.limitSigned(signedLow(umin), signedLow(umax))
    }
    if low(first >> 32) &+ 1 == low(last >> 32), signedLow(first) < 0, signedLow(last) >= 0 {
      half.limitSigned(signedLow(first), signedLow(last))
    }
  }

  /// Puts the bounds of the low half into the ends of the 64-bit ranges.
  private mutating func limitWideByHalf() {
    let upper: UInt64 = 0xffff_ffff_0000_0000
    func put(_ low: UInt32, _ high: UInt32) {
      wide.limitUnsigned(umin & upper | UInt64(low), umax & upper | UInt64(high))
      wide.limitSigned(
        Int64(bitPattern: UInt64(bitPattern: smin) & upper | UInt64(low)),
        Int64(bitPattern: UInt64(bitPattern: smax) & upper | UInt64(high)))
    }
    put(u32min, u32max)
    let first = UInt32(bitPattern: s32min)
    let last = UInt32(bitPattern: s32max)
    if first <= last { put(first, last) }
    // A sign-extended number whose low half is not negative is not negative.
    if s32min >= 0, smin >= Int64(Int32.min), smax <= Int64(Int32.max), s32min <= s32max {
      wide = Interval(umin: UInt64(s32min), umax: UInt64(s32max), smin: Int64(s32min), smax: Int64(s32max))
      bits = bits.intersection(Tnum(range: UInt64(s32min)...UInt64(s32max)))
    }
  }

  // MARK: Changes of width

  /// Keeps the low bytes and makes the others zero.
  package mutating func truncate(toBytes count: Int) {
    guard count < 8 else { return }
    bits = bits.truncated(toBytes: count)
    let kept = (UInt64(1) << UInt64(8 * count)) - 1
    let low: UInt64
    let high: UInt64
    if umin & ~kept == umax & ~kept {
      (low, high) = (umin & kept, umax & kept)
    } else {
      (low, high) = (0, kept)
    }
    wide = Interval(umin: low, umax: high, smin: Int64(low), smax: Int64(high))
    if count < 4 { half = .unbounded }
    sync()
  }

  /// Makes the high half zero, as 32-bit operations do; `half` and the low bits are what counts.
  package mutating func zeroExtend32() {
    assignHalfToWide()
    sync()
  }

  mutating func assignHalfToWide() {
    bits = bits.low
    wide.umin = UInt64(u32min)
    wide.umax = UInt64(u32max)
    if s32min >= 0 {
      wide.smin = Int64(s32min)
      wide.smax = Int64(s32max)
    } else {
      wide.smin = 0
      wide.smax = Int64(UInt32.max)
    }
  }

  /// Makes a number of its low 8, 16 or 32 bits with their sign (`movsx`, `ldsx`); in 32 bits, which are then zero-extended.
  package mutating func signExtend(from width: Int, is32: Bool) {
    if let constant = constant {
      let shift = Int64(64 - width)
      let extended = UInt64(bitPattern: (Int64(bitPattern: constant) &<< shift) &>> shift)
      self = Scalar(constant: is32 ? extended & 0xffff_ffff : extended)
      return
    }
    // Where all bits above stay the same in the range, its ends can be extended.
    let least = is32 ? Int64(s32min) : smin
    let most = is32 ? Int64(s32max) : smax
    let low = Self.extended(least, from: width)
    let high = Self.extended(most, from: width)
    let bounds: ClosedRange<Int64>
    if least &>> Int64(width) == most &>> Int64(width), low <= high, (low < 0) == (high < 0) {
      bounds = low...high
    } else {
      bounds = -(1 << Int64(width - 1))...(1 << Int64(width - 1)) - 1
    }
    self = .unknown
    if is32 {
      half.limitSigned(Int32(truncatingIfNeeded: bounds.lowerBound), Int32(truncatingIfNeeded: bounds.upperBound))
      half.deduce()
      assignHalfToWide()
    } else {
      wide.limitSigned(bounds.lowerBound, bounds.upperBound)
      half.limitSigned(Int32(truncatingIfNeeded: bounds.lowerBound), Int32(truncatingIfNeeded: bounds.upperBound))
    }
    sync()
  }

  private static func extended(_ value: Int64, from width: Int) -> Int64 {
    let shift = Int64(64 - width)
    return (value &<< shift) &>> shift
  }
}

// MARK: Print

extension Scalar: CustomStringConvertible {
  /// As the kernel's log has it: `1`, or `scalar(umin=1,umax=9,var_off=(0x0; 0xf))`.
  package var description: String { constant.map { Self.text(signed: Int64(bitPattern: $0)) } ?? "scalar(\(bounds))" }

  /// The bounds and bits that say something, comma-separated: `smin=smin32=0,smax=umax=255,var_off=(0x0; 0xff)`.
  var bounds: String {
    struct Bound {
      var name: String
      var value: UInt64
      var isSigned: Bool
      var isOmitted: Bool
      var isNegative: Bool { isSigned && Int64(bitPattern: value) < 0 }
    }
    // Small numbers are printed in decimal, where 64 and 32 bits look the same; large ones in hexadecimal, where they do not.
    func half(_ value: Int32) -> UInt64 {
      Self.isDecimal(Int64(value)) ? UInt64(bitPattern: Int64(value)) : UInt64(UInt32(bitPattern: value))
    }
    var all = [
      Bound(name: "smin", value: UInt64(bitPattern: smin), isSigned: true, isOmitted: smin == .min),
      Bound(name: "smax", value: UInt64(bitPattern: smax), isSigned: true, isOmitted: smax == .max),
      Bound(name: "umin", value: umin, isSigned: false, isOmitted: umin == 0),
      Bound(name: "umax", value: umax, isSigned: false, isOmitted: umax == .max),
      Bound(name: "smin32", value: half(s32min), isSigned: true, isOmitted: s32min == .min),
      Bound(name: "smax32", value: half(s32max), isSigned: true, isOmitted: s32max == .max),
      Bound(name: "umin32", value: UInt64(u32min), isSigned: false, isOmitted: u32min == 0),
      Bound(name: "umax32", value: UInt64(u32max), isSigned: false, isOmitted: u32max == .max),
    ]
    var parts: [String] = []
    for index in all.indices where !all[index].isOmitted {
      let bound = all[index]
      var text = bound.name + "="
      for other in stride(from: index + 2, to: all.count, by: 2) {
        guard !all[other].isOmitted, all[other].value == bound.value, all[other].isNegative == bound.isNegative else { continue }
        all[other].isOmitted = true
        text += all[other].name + "="
      }
      parts.append(text + (bound.isSigned ? Self.text(signed: Int64(bitPattern: bound.value)) : Self.text(unsigned: bound.value)))
    }
    if !bits.isUnknown { parts.append("var_off=\(bits)") }
    return parts.joined(separator: ",")
  }

  private static func isDecimal(_ value: Int64) -> Bool { value >= Int64(Int16.min) && value <= Int64(Int16.max) }

  /// A signed number in the kernel's manner: decimal where it fits 16 bits.
  static func text(signed value: Int64) -> String {
    isDecimal(value) ? "\(value)" : "0x" + String(UInt64(bitPattern: value), radix: 16)
  }

  /// An unsigned number in the kernel's manner: decimal where it fits 16 bits.
  static func text(unsigned value: UInt64) -> String { value <= UInt64(UInt16.max) ? "\(value)" : "0x" + String(value, radix: 16) }
}
