public import EBPFBTF
internal import EBPFISA

extension ObjectSpec {
  /// Bytes of a key, a value or a variable as their type says; where there is none, as an unsigned number of 1, 2, 4 or 8 bytes; `nil` of other
  /// bytes.
  public func value(of bytes: [UInt8], as type: BTF.TypeID) -> BTFValue? {
    if type != 0, let value = try? btf?.value(of: bytes, as: type, isBigEndian: byteOrder == .big), value != .null { return value }
    guard [1, 2, 4, 8].contains(bytes.count) else { return nil }
    let ordered = byteOrder == .big ? bytes : bytes.reversed()
    return .unsigned(ordered.reduce(0) { $0 << 8 | UInt128($1) })
  }
}
