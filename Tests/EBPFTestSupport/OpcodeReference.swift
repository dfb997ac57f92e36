package import EBPFISA

/// What RFC 9669 defines instructions to do, said with whole numbers of any sign and bytes of memory: an operand is a number, and a result is
/// taken modulo a power of two. Nothing here shifts, masks or wraps as a processor does.
package enum OpcodeReference {
  // MARK: Numbers

  private static func power(_ exponent: Int) -> Int128 { (0..<exponent).reduce(1) { product, _ in product * 2 } }

  /// The lowest bits as a number from 0 on.
  package static func unsigned(_ value: UInt64, _ bits: Int) -> Int128 { Int128(value) % power(bits) }

  /// The lowest bits as a number in two's complement.
  package static func signed(_ value: UInt64, _ bits: Int) -> Int128 {
    let number = unsigned(value, bits)
    return number * 2 >= power(bits) ? number - power(bits) : number
  }

  /// A number modulo 2 to the power of `bits`.
  package static func wrapped(_ value: Int128, _ bits: Int) -> UInt64 {
    let rest = value % power(bits)
    return UInt64(rest < 0 ? rest + power(bits) : rest)
  }

  /// The largest whole number that is not above the quotient.
  private static func floorQuotient(_ value: Int128, _ divisor: Int128) -> Int128 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
  }

  /// An operation on two numbers bit by bit.
  private static func bitwise(_ a: Int128, _ b: Int128, _ bits: Int, _ operation: (Bool, Bool) -> Bool) -> UInt64 {
    var result: Int128 = 0
    for bit in 0..<bits where operation(a / power(bit) % 2 == 1, b / power(bit) % 2 == 1) { result += power(bit) }
    return UInt64(result)
  }

  // MARK: Arithmetic

  /// `a operation b` in 32 or 64 bits (section 4.1); `code` is bits 4 to 7 of the opcode, `variant` the offset field.
  package static func arithmetic(_ code: UInt8, variant: Int16, _ a: UInt64, _ b: UInt64, bits: Int) -> UInt64 {
    let (x, y) = (unsigned(a, bits), unsigned(b, bits))
    let (sx, sy) = (signed(a, bits), signed(b, bits))
    switch code {
    case 0x00: return wrapped(x + y, bits)
    case 0x10: return wrapped(x - y, bits)
    case 0x20:
      // A product of two 64-bit numbers needs 128 bits without a sign.
      let product = UInt128(x) * UInt128(y)
      return UInt64(product % UInt128(power(bits)))
    case 0x30:
      if variant == 1 { return wrapped(sy == 0 ? 0 : sx / sy, bits) }
      return wrapped(y == 0 ? 0 : x / y, bits)
    case 0x90:
      if variant == 1 { return wrapped(sy == 0 ? sx : sx - sy * (sx / sy), bits) }
      return wrapped(y == 0 ? x : x - y * (x / y), bits)
    case 0x40: return bitwise(x, y, bits) { $0 || $1 }
    case 0x50: return bitwise(x, y, bits) { $0 && $1 }
    case 0xa0: return bitwise(x, y, bits) { $0 != $1 }
    case 0x60:
      return (0..<Int(y % Int128(bits))).reduce(UInt64(x)) { value, _ in wrapped(Int128(value) * 2, bits) }
    case 0x70: return wrapped(floorQuotient(x, power(Int(y % Int128(bits)))), bits)
    case 0xc0: return wrapped(floorQuotient(sx, power(Int(y % Int128(bits)))), bits)
    case 0x80: return wrapped(-x, bits)
    case 0xb0: return variant == 0 ? UInt64(y) : wrapped(signed(b, Int(variant)), bits)
    default: fatalError("no arithmetic has the code \(code)")
    }
  }

  /// The lowest `bits` with their bytes in another order (section 4.2), on a little-endian machine.
  package static func byteOrder(_ value: UInt64, bits: Int, reversed: Bool) -> UInt64 {
    let bytes = bytes(of: value, count: bits / 8)
    return number(reversed ? bytes.reversed() : bytes)
  }

  // MARK: Comparisons

  /// Whether a conditional jump is taken (section 4.3).
  package static func holds(_ condition: Condition, _ a: UInt64, _ b: UInt64, bits: Int) -> Bool {
    let (x, y) = (unsigned(a, bits), unsigned(b, bits))
    let (sx, sy) = (signed(a, bits), signed(b, bits))
    return switch condition {
    case .eq: x == y
    case .ne: x != y
    case .gt: x > y
    case .ge: x >= y
    case .lt: x < y
    case .le: x <= y
    case .set: bitwise(x, y, bits) { $0 && $1 } != 0
    case .sgt: sx > sy
    case .sge: sx >= sy
    case .slt: sx < sy
    case .sle: sx <= sy
    }
  }

  // MARK: Memory

  /// Bytes of a number, the lowest first.
  package static func bytes(of value: UInt64, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(unsigned(value, 64) / power(8 * $0) % 256) }
  }

  /// The number that bytes make, the lowest first.
  package static func number(_ bytes: some Collection<UInt8>) -> UInt64 {
    UInt64(bytes.enumerated().reduce(Int128(0)) { $0 + Int128($1.element) * power(8 * $1.offset) })
  }

  /// What an atomic operation makes of memory, and what it leaves in the source register or r0 (section 5.3).
  package static func atomic(
    _ operation: Atomic, memory: UInt64, source: UInt64, r0: UInt64, bits: Int
  ) -> (memory: UInt64, source: UInt64, r0: UInt64) {
    let old = UInt64(unsigned(memory, bits))
    func result(_ code: UInt8) -> UInt64 { arithmetic(code, variant: 0, old, source, bits: bits) }
    return switch operation {
    case .add: (result(0x00), source, r0)
    case .or: (result(0x40), source, r0)
    case .and: (result(0x50), source, r0)
    case .xor: (result(0xa0), source, r0)
    case .fetchAdd: (result(0x00), old, r0)
    case .fetchOr: (result(0x40), old, r0)
    case .fetchAnd: (result(0x50), old, r0)
    case .fetchXor: (result(0xa0), old, r0)
    case .exchange: (UInt64(unsigned(source, bits)), old, r0)
    case .compareExchange: (Int128(old) == unsigned(r0, bits) ? UInt64(unsigned(source, bits)) : old, source, old)
    case .loadAcquire, .storeRelease: fatalError("a load or store, not an operation on memory")
    }
  }
}
