/// Bytes read as numbers of one byte order, every access checked: outside the bytes there is `nil`, never a trap.
package struct ByteView: Sendable {
  package let bytes: [UInt8]
  package let isBigEndian: Bool

  package init(_ bytes: [UInt8], isBigEndian: Bool) {
    self.bytes = bytes
    self.isBigEndian = isBigEndian
  }

  package var count: Int { bytes.count }

  /// Whether `length` bytes from `offset` lie inside.
  package func holds(_ offset: Int, _ length: Int) -> Bool {
    offset >= 0 && length >= 0 && offset <= bytes.count && length <= bytes.count - offset
  }

  @inline(__always)
  private func load<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: Number.Type) -> Number? {
    guard holds(offset, MemoryLayout<Number>.size) else { return nil }
    let raw = unsafe bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: type)
    return isBigEndian ? Number(bigEndian: raw) : Number(littleEndian: raw)
  }

  package func u8(_ offset: Int) -> UInt8? { load(offset, as: UInt8.self) }
  package func u16(_ offset: Int) -> UInt16? { load(offset, as: UInt16.self) }
  package func u32(_ offset: Int) -> UInt32? { load(offset, as: UInt32.self) }
  package func u64(_ offset: Int) -> UInt64? { load(offset, as: UInt64.self) }

  /// The text from `offset` to the zero byte before `end`; `nil` without one.
  package func text(_ offset: Int, before end: Int) -> String? {
    guard let length = textLength(offset, before: end) else { return nil }
    return bytes.withUnsafeBufferPointer {
      unsafe String(decoding: UnsafeBufferPointer(rebasing: $0[offset..<offset + length]), as: UTF8.self)
    }
  }

  /// The number of bytes from `offset` to the zero byte before `end`; `nil` without one.
  package func textLength(_ offset: Int, before end: Int) -> Int? {
    guard offset >= 0, offset < end, end <= bytes.count else { return nil }
    let span = bytes.span
    var index = offset
    while index < end {
      if span[index] == 0 { return index - offset }
      index += 1
    }
    return nil
  }

  /// Whether the text at `offset`, ended by a zero byte, is `name`.
  package func textEquals(_ offset: Int, _ name: String, before end: Int) -> Bool {
    var name = name
    return name.withUTF8 { text in
      guard offset >= 0, offset < end, end <= bytes.count, text.count < end - offset else { return false }
      let span = bytes.span
      for index in 0..<text.count where unsafe span[offset + index] != text[index] { return false }
      return span[offset + text.count] == 0
    }
  }
}
