/// Writes sizes and places of variables into the data sections of a BTF, in place: what a linker does for a compiler's object.
package struct DataSectionEditor {
  private let btf: BTF
  private var bytes: [UInt8]?

  package init(_ btf: BTF) { self.btf = btf }

  /// Gives the data section of that type its size and its variables; their number stays.
  package mutating func replace(_ type: BTFType, size: Int, variables: [BTFType.SectionVariable]) {
    guard type.kind == .dataSection, variables.count == type.elementCount else { return }
    write(UInt32(clamping: size), at: type.offset + 8)
    for (index, variable) in variables.enumerated() {
      let at = type.offset + 12 + 12 * index
      write(variable.typeID, at: at)
      write(UInt32(clamping: variable.offset), at: at + 4)
      write(UInt32(clamping: variable.size), at: at + 8)
    }
  }

  private mutating func write(_ value: UInt32, at offset: Int) {
    if bytes == nil { bytes = btf.bytes }
    for index in 0..<4 {
      bytes![offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * (btf.isBigEndian ? 3 - index : index)))
    }
  }

  /// The BTF as it now is.
  package func finish() throws(BTFError) -> BTF {
    guard let bytes else { return btf }
    return try BTF(bytes: bytes, base: btf.base)
  }
}
