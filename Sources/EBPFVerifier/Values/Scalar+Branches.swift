package import EBPFISA

extension Scalar {
  /// Whether a conditional jump that compares this number with another is always or never taken; `nil` where it depends.
  package func outcome(_ condition: Condition, _ other: Scalar, is32: Bool) -> Bool? {
    is32
      ? Self.outcome(condition, bits.low, half, other.bits.low, other.half)
      : Self.outcome(condition, bits, wide, other.bits, other.wide) ?? outcomeByHalves(condition, other)
  }

  private static func outcome<Word>(
    _ condition: Condition, _ bits: Tnum, _ bounds: Interval<Word>, _ otherBits: Tnum, _ other: Interval<Word>
  ) -> Bool? {
    switch condition {
    case .eq, .ne:
      let isDisjoint =
        !bits.overlaps(otherBits) || bounds.umin > other.umax || bounds.umax < other.umin || bounds.smin > other.smax
        || bounds.smax < other.smin
      if bits.isConstant, otherBits.isConstant { return (bits.value == otherBits.value) == (condition == .eq) }
      return isDisjoint ? condition == .ne : nil
    case .set:
      guard bits.isConstant || otherBits.isConstant else { return nil }
      if bits.value & otherBits.value != 0 { return true }
      return (bits.value | bits.mask) & (otherBits.value | otherBits.mask) == 0 ? false : nil
    case .gt: return bounds.umin > other.umax ? true : bounds.umax <= other.umin ? false : nil
    case .ge: return bounds.umin >= other.umax ? true : bounds.umax < other.umin ? false : nil
    case .lt: return bounds.umax < other.umin ? true : bounds.umin >= other.umax ? false : nil
    case .le: return bounds.umax <= other.umin ? true : bounds.umin > other.umax ? false : nil
    case .sgt: return bounds.smin > other.smax ? true : bounds.smax <= other.smin ? false : nil
    case .sge: return bounds.smin >= other.smax ? true : bounds.smax < other.smin ? false : nil
    case .slt: return bounds.smax < other.smin ? true : bounds.smin >= other.smax ? false : nil
    case .sle: return bounds.smax <= other.smin ? true : bounds.smin > other.smax ? false : nil
    }
  }

  /// Numbers whose low halves cannot be equal are not equal.
  private func outcomeByHalves(_ condition: Condition, _ other: Scalar) -> Bool? {
    guard condition == .eq || condition == .ne else { return nil }
    let isDisjoint = u32min > other.u32max || u32max < other.u32min || s32min > other.s32max || s32max < other.s32min
    return isDisjoint ? condition == .ne : nil
  }

  /// Narrows two numbers by what a jump's direction says of them.
  /// - Returns: `false` where no two numbers go that way: the branch is dead.
  package static func refine(_ a: inout Scalar, _ b: inout Scalar, _ condition: Condition, is32: Bool, taken: Bool) -> Bool {
    refine(&a, &b, condition, is32: is32, holds: taken)
    a.sync()
    b.sync()
    return a.isPossible && b.isPossible
  }

  private static func refine(_ a: inout Scalar, _ b: inout Scalar, _ condition: Condition, is32: Bool, holds: Bool) {
    switch condition {
    case .eq, .ne:
      if holds == (condition == .eq) { makeEqual(&a, &b, is32: is32) } else { makeDifferent(&a, &b, is32: is32) }
    case .set:
      if let mask = b.known(is32: is32) {
        a.testBits(mask, is32: is32, isSet: holds)
      } else if let mask = a.known(is32: is32) {
        b.testBits(mask, is32: is32, isSet: holds)
      }
    case .le, .sle: holds ? order(&a, &b, condition, is32: is32) : order(&b, &a, condition == .le ? .lt : .slt, is32: is32)
    case .lt, .slt: holds ? order(&a, &b, condition, is32: is32) : order(&b, &a, condition == .lt ? .le : .sle, is32: is32)
    case .ge: refine(&b, &a, .le, is32: is32, holds: holds)
    case .gt: refine(&b, &a, .lt, is32: is32, holds: holds)
    case .sge: refine(&b, &a, .sle, is32: is32, holds: holds)
    case .sgt: refine(&b, &a, .slt, is32: is32, holds: holds)
    }
  }

  private func known(is32: Bool) -> UInt64? { is32 ? constant32.map(UInt64.init) : constant }

  private static func makeEqual(_ a: inout Scalar, _ b: inout Scalar, is32: Bool) {
    if is32 {
      a.half.limit(b.half)
      b.half = a.half
      let bits = a.bits.low.intersection(b.bits.low)
      a.bits = a.bits.withLow(bits)
      b.bits = b.bits.withLow(bits)
    } else {
      a.wide.limit(b.wide)
      b.wide = a.wide
      a.bits = a.bits.intersection(b.bits)
      b.bits = a.bits
    }
  }

  /// A known number that lies at an end of the other's range takes that end away.
  private static func makeDifferent(_ a: inout Scalar, _ b: inout Scalar, is32: Bool) {
    if let value = b.known(is32: is32) {
      a.exclude(value, is32: is32)
    } else if let value = a.known(is32: is32) {
      b.exclude(value, is32: is32)
    }
  }

  private mutating func exclude(_ value: UInt64, is32: Bool) {
    func cut<Word>(_ bounds: inout Interval<Word>, _ value: Word) {
      let signed = Word.Signed(truncatingIfNeeded: value)
      if bounds.umin == value { bounds.umin &+= 1 }
      if bounds.umax == value { bounds.umax &-= 1 }
      if bounds.smin == signed { bounds.smin &+= 1 }
      if bounds.smax == signed { bounds.smax &-= 1 }
    }
    if is32 { cut(&half, UInt32(truncatingIfNeeded: value)) } else { cut(&wide, value) }
  }

  private mutating func testBits(_ mask: UInt64, is32: Bool, isSet: Bool) {
    if isSet {
      // Of several bits any may be the one that is set.
      guard mask & (mask &- 1) == 0, mask != 0 else { return }
      bits = is32 ? bits.withLow(bits.low | Tnum(constant: mask)) : bits | Tnum(constant: mask)
    } else {
      // The ranges are learned anew from the bits, so that a dead branch does not make them contradict each other.
      wide = .unbounded
      half = .unbounded
      bits = is32 ? bits.withLow(bits.low & Tnum(constant: ~mask & 0xffff_ffff)) : bits & Tnum(constant: ~mask)
    }
  }

  /// `a` is below `b` (or at most `b`), in one of the two orders.
  private static func order(_ a: inout Scalar, _ b: inout Scalar, _ condition: Condition, is32: Bool) {
    func narrow<Word>(_ a: inout Interval<Word>, _ b: inout Interval<Word>) {
      switch condition {
      case .le:
        a.umax = min(a.umax, b.umax)
        b.umin = max(a.umin, b.umin)
      case .lt:
        a.umax = min(a.umax, b.umax &- 1)
        b.umin = max(a.umin &+ 1, b.umin)
      case .sle:
        a.smax = min(a.smax, b.smax)
        b.smin = max(a.smin, b.smin)
      default:
        a.smax = min(a.smax, b.smax &- 1)
        b.smin = max(a.smin &+ 1, b.smin)
      }
    }
    if is32 { narrow(&a.half, &b.half) } else { narrow(&a.wide, &b.wide) }
  }
}
