package import EBPFISA

extension Scalar {
  /// What is known of the result of a 64-bit operation on this number and another.
  package mutating func apply(_ operation: Arithmetic, _ operand: Scalar) {
    switch operation {
    case .mov:
      self = operand
      return
    case .add:
      half.add(operand.half)
      wide.add(operand.wide)
      bits = bits + operand.bits
    case .sub:
      half.subtract(operand.half)
      wide.subtract(operand.wide)
      bits = bits - operand.bits
    case .mul:
      half.multiply(operand.half)
      wide.multiply(operand.wide)
      bits = bits * operand.bits
    case .and, .or, .xor: combineBits(operation, operand)
    case .lsh, .rsh, .arsh:
      guard let shift = operand.constant, shift < 64 else {
        self = .unknown
        return
      }
      shiftWide(operation, shift)
    case .div, .mod, .sdiv, .smod:
      self = .unknown
      return
    }
    sync()
  }

  /// What is known of the result of a 32-bit operation, which leaves the upper half zero.
  package mutating func apply32(_ operation: Arithmetic, _ operand: Scalar) {
    switch operation {
    case .mov:
      self = operand
    case .add:
      half.add(operand.half)
      bits = bits + operand.bits
    case .sub:
      half.subtract(operand.half)
      bits = bits - operand.bits
    case .mul:
      half.multiply(operand.half)
      bits = bits * operand.bits
    case .and, .or, .xor: combineBits(operation, operand)
    case .lsh, .rsh, .arsh:
      guard let shift = operand.constant32, shift < 32 else {
        self = .unknown
        return
      }
      shiftHalf(operation, shift)
    case .div, .mod, .sdiv, .smod:
      self = .unknown
      return
    }
    zeroExtend32()
  }

  /// Bitwise operations: the bits say most; where they are known throughout, all.
  private mutating func combineBits(_ operation: Arithmetic, _ operand: Scalar) {
    let isHalfConstant = bits.low.isConstant && operand.bits.low.isConstant
    let isConstant = bits.isConstant && operand.bits.isConstant
    switch operation {
    case .and: bits = bits & operand.bits
    case .or: bits = bits | operand.bits
    default: bits = bits ^ operand.bits
    }
    let value = UInt32(truncatingIfNeeded: bits.value)
    let mask = UInt32(truncatingIfNeeded: bits.mask)
    if isHalfConstant {
      half = Interval(constant: value)
    } else {
      switch operation {
      case .and: half.and(operand.half, value: value)
      case .or: half.or(operand.half, value: value, mask: mask)
      default: half.xor(value: value, mask: mask)
      }
    }
    if isConstant {
      wide = Interval(constant: bits.value)
    } else {
      switch operation {
      case .and: wide.and(operand.wide, value: bits.value)
      case .or: wide.or(operand.wide, value: bits.value, mask: bits.mask)
      default: wide.xor(value: bits.value, mask: bits.mask)
      }
    }
  }

  private mutating func shiftWide(_ operation: Arithmetic, _ shift: UInt64) {
    switch operation {
    case .lsh:
      // The first half of a compiler's sign extension, `<<32 s>>32`.
      let extended: (Int64, Int64)? = shift == 32 ? (Int64(s32min) << 32, Int64(s32max) << 32) : nil
      wide.shiftLeft(shift)
      if let extended { (wide.smin, wide.smax) = extended }
      if shift < 32 { half.shiftLeft(UInt32(shift)) } else { half = .unbounded }
      bits = bits << shift
    case .rsh:
      wide.shiftRight(shift)
      half = .unbounded
      bits = bits >> shift
    default:
      wide.shiftRightArithmetically(shift)
      half = .unbounded
      bits = bits.shiftedArithmetically(by: shift, is32: false)
    }
  }

  private mutating func shiftHalf(_ operation: Arithmetic, _ shift: UInt32) {
    switch operation {
    case .lsh:
      half.shiftLeft(shift)
      bits = (bits.low << UInt64(shift)).low
    case .rsh:
      half.shiftRight(shift)
      bits = bits.low >> UInt64(shift)
    default:
      half.shiftRightArithmetically(shift)
      bits = bits.low.shiftedArithmetically(by: UInt64(shift), is32: true)
    }
    half.limit(value: UInt32(truncatingIfNeeded: bits.value), mask: UInt32(truncatingIfNeeded: bits.mask))
  }

  /// The negated number, as 0 minus it.
  package mutating func negate(is32: Bool) {
    var result = Scalar(constant: 0)
    if is32 { result.apply32(.sub, self) } else { result.apply(.sub, self) }
    self = result
  }

  /// Byte order conversions of the low 16, 32 or 64 bits; the others become zero. What is known of the bits stays known.
  package mutating func swapBytes(_ kind: ByteSwap, width: Int) {
    if kind == .little {
      truncate(toBytes: width / 8)
      return
    }
    let unused = UInt64(64 - width)
    self = Scalar(
      bits: Tnum(value: bits.value.byteSwapped >> unused, mask: bits.mask.byteSwapped >> unused), wide: .unbounded, half: .unbounded)
    sync()
  }
}
