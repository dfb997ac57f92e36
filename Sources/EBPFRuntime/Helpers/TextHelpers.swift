import CEBPF
import EBPFTables

extension HelperTable {
  /// Numbers and comparisons of text (`kernel/bpf/helpers.c`).
  static var textHelpers: [Entry] {
    [
      Entry(.strtol) { text, length, flags, result, _, _ in
        let destination = pointer(result)
        destination.storeBytes(of: 0, as: Int64.self)
        var number = ParsedNumber()
        let consumed = number.parse(pointer(text), Int(truncatingIfNeeded: length), flags)
        if consumed < 0 { return UInt64(bitPattern: consumed) }
        // A positive magnitude's last bit is the sign; of a negative one only the smallest number has it.
        let value = Int64(bitPattern: number.isNegative ? 0 &- number.magnitude : number.magnitude)
        if number.isNegative ? value > 0 : value < 0 { return .error(.erange) }
        destination.storeBytes(of: value, as: Int64.self)
        return UInt64(bitPattern: consumed)
      },
      Entry(.strtoul) { text, length, flags, result, _, _ in
        let destination = pointer(result)
        destination.storeBytes(of: 0, as: UInt64.self)
        var number = ParsedNumber()
        let consumed = number.parse(pointer(text), Int(truncatingIfNeeded: length), flags)
        if consumed < 0 { return UInt64(bitPattern: consumed) }
        if number.isNegative { return .error(.einval) }
        destination.storeBytes(of: number.magnitude, as: UInt64.self)
        return UInt64(bitPattern: consumed)
      },
      Entry(.strncmp) { left, size, right, _, _, _ in
        let left = pointer(left)
        let right = pointer(right)
        for index in 0..<count32(size) {
          let a = left.load(fromByteOffset: index, as: UInt8.self)
          let b = right.load(fromByteOffset: index, as: UInt8.self)
          if a != b { return a < b ? UInt64(bitPattern: -1) : 1 }
          if a == 0 { break }
        }
        return 0
      },
    ]
  }
}

/// A number at the start of a text, as `bpf_strtol` and `bpf_strtoul` read it.
private struct ParsedNumber {
  var magnitude: UInt64 = 0
  var isNegative = false

  /// - Returns: how many bytes it has with the spaces and the sign before it, or a negated errno.
  mutating func parse(_ text: UnsafeRawPointer, _ length: Int, _ flags: UInt64) -> Int64 {
    var base = flags & 0x1f
    guard length > 0, [0, 8, 10, 16].contains(base), flags & ~0x1f == 0 else { return -LinuxError.einval.rawValue }
    func byte(_ index: Int) -> UInt8 { text.load(fromByteOffset: index, as: UInt8.self) }
    var position = 0
    while position < length, isSpace(byte(position)) { position += 1 }
    if position < length, byte(position) == UInt8(ascii: "-") {
      isNegative = true
      position += 1
    }
    guard position < length else { return -LinuxError.einval.rawValue }
    // The kernel copies at most 63 bytes, and what ends the copy ends the number.
    let end = min(length, position + 63)
    func digit(_ index: Int) -> UInt64 { index < end ? digitValue(byte(index)) : 99 }
    func isX(_ index: Int) -> Bool { index < end && byte(index) | 0x20 == UInt8(ascii: "x") }
    let startsWithZero = byte(position) == UInt8(ascii: "0")
    if base == 0 {
      base = !startsWithZero ? 10 : isX(position + 1) && digit(position + 2) < 16 ? 16 : 8
    }
    if base == 16, startsWithZero, isX(position + 1) { position += 2 }
    let first = position
    var overflows = false
    while digit(position) < base {
      let (product, high) = magnitude.multipliedReportingOverflow(by: base)
      let (sum, carry) = product.addingReportingOverflow(digit(position))
      overflows = overflows || high || carry
      magnitude = sum
      position += 1
    }
    if overflows { return -LinuxError.erange.rawValue }
    if position == first { return -LinuxError.einval.rawValue }
    return Int64(position)
  }
}

/// `isspace` of the kernel: white space of ASCII, and the no-break space of Latin-1.
func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) || byte == 0xa0 }

/// The value of a hexadecimal digit; 99 for anything else.
private func digitValue(_ byte: UInt8) -> UInt64 {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
  case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
  case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
  default: 99
  }
}
