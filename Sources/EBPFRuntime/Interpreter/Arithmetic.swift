// The operations whose meaning RFC 9669 fixes beyond what Swift's operators say: division never traps.

/// The low 32 bits.
@inline(__always)
func low(_ value: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: value) }

/// The low 32 bits as a signed number.
@inline(__always)
func signedLow(_ value: UInt64) -> Int32 { Int32(truncatingIfNeeded: value) }

/// Unsigned division; by zero it gives 0 (RFC 9669 section 4.1).
@inline(__always)
func quotient<T: FixedWidthInteger & UnsignedInteger>(_ a: T, _ b: T) -> T { b == 0 ? 0 : a / b }

/// Unsigned remainder; by zero it leaves the dividend.
@inline(__always)
func remainder<T: FixedWidthInteger & UnsignedInteger>(_ a: T, _ b: T) -> T { b == 0 ? a : a % b }

/// Signed division, rounded towards zero; by zero it gives 0, and the least number by -1 gives itself.
@inline(__always)
func signedQuotient(_ a: UInt64, _ b: UInt64) -> UInt64 {
  if b &+ 1 <= 1 { return b == 0 ? 0 : 0 &- a }
  return UInt64(bitPattern: Int64(bitPattern: a) / Int64(bitPattern: b))
}

/// Signed remainder with the dividend's sign; by zero it leaves the dividend.
@inline(__always)
func signedRemainder(_ a: UInt64, _ b: UInt64) -> UInt64 {
  if b &+ 1 <= 1 { return b == 0 ? a : 0 }
  return UInt64(bitPattern: Int64(bitPattern: a) % Int64(bitPattern: b))
}

/// The 32-bit form of the signed division.
@inline(__always)
func signedQuotient(_ a: UInt32, _ b: UInt32) -> UInt32 {
  if b &+ 1 <= 1 { return b == 0 ? 0 : 0 &- a }
  return UInt32(bitPattern: Int32(bitPattern: a) / Int32(bitPattern: b))
}

/// The 32-bit form of the signed remainder.
@inline(__always)
func signedRemainder(_ a: UInt32, _ b: UInt32) -> UInt32 {
  if b &+ 1 <= 1 { return b == 0 ? a : 0 }
  return UInt32(bitPattern: Int32(bitPattern: a) % Int32(bitPattern: b))
}
