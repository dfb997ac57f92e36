/// Fields of records that no stored property of Swift can be: of unions, packed structures and bit-fields. Skeletons (`EBPFBuild`) are
/// written with these.
public enum RecordBytes {
  /// The value whose bytes begin at an offset.
  public static func value<let count: Int, Value: BitwiseCopyable>(_ bytes: InlineArray<count, UInt8>, at offset: Int) -> Value {
    precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= count)
    return withUnsafeBytes(of: bytes) { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
  }

  /// Puts a value's bytes at an offset.
  public static func setValue<let count: Int, Value: BitwiseCopyable>(
    _ bytes: inout InlineArray<count, UInt8>, at offset: Int, to value: Value
  ) {
    precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= count)
    withUnsafeMutableBytes(of: &bytes) { $0.storeBytes(of: value, toByteOffset: offset, as: Value.self) }
  }

  /// The number in so many bits, counted from the first byte's lowest one; sign-extended where the type is signed.
  public static func bits<let count: Int, Value: FixedWidthInteger>(_ bytes: InlineArray<count, UInt8>, at bit: Int, count bits: Int)
    -> Value
  {
    precondition(bit >= 0 && bits > 0 && bits <= Value.bitWidth && bit + bits <= 8 * count)
    var result: Value = 0
    for index in 0..<bits where bytes[(bit + index) / 8] >> UInt8((bit + index) % 8) & 1 != 0 { result |= 1 << Value(index) }
    let unused = Value.bitWidth - bits
    return Value.isSigned ? (result << Value(unused)) >> Value(unused) : result
  }

  /// Puts the low bits of a number in so many bits.
  public static func setBits<let count: Int, Value: FixedWidthInteger>(
    _ bytes: inout InlineArray<count, UInt8>, at bit: Int, count bits: Int, to value: Value
  ) {
    precondition(bit >= 0 && bits > 0 && bits <= Value.bitWidth && bit + bits <= 8 * count)
    for index in 0..<bits {
      let mask = UInt8(1) << UInt8((bit + index) % 8)
      if value >> Value(index) & 1 != 0 { bytes[(bit + index) / 8] |= mask } else { bytes[(bit + index) / 8] &= ~mask }
    }
  }
}
