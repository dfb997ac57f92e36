extension ObjectSpec {
  /// Reads an object that lies in a program as text in base 64 (RFC 4648, section 4): how skeletons hold theirs, as the compiler takes a text of a
  /// megabyte in the time of a few lines, and a list of bytes in minutes.
  /// - Parameter name: What error messages call the object.
  public init(base64 text: StaticString, name: String? = nil) throws(ObjectError) {
    let decoded = text.withUTF8Buffer { Base64.decode($0) }
    guard let decoded else { throw ObjectError(.malformed, "the text is not one in base 64", object: name) }
    try self.init(bytes: decoded, name: name)
  }
}

/// Bytes as text and back.
package enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The text of bytes, padded with `=`.
  package static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var word: UInt32 = 0
      for index in 0..<3 { word = word << 8 | (index < count ? UInt32(bytes[start + index]) : 0) }
      for index in 0..<4 {
        result.append(index <= count ? alphabet[Int(word >> UInt32(18 - 6 * index) & 63)] : UInt8(ascii: "="))
      }
    }
    return result
  }

  /// The bytes of a text; `nil` of what is none in base 64.
  package static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    guard let last = text.last else { return [] }
    var values = [UInt8](repeating: 255, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    let padding = last != UInt8(ascii: "=") ? 0 : text[text.count - 2] == UInt8(ascii: "=") ? 2 : 1
    let size = text.count / 4 * 3 - padding
    var isValid = true
    let result = [UInt8](unsafeUninitializedCapacity: size + 2) { buffer, count in
      values.withUnsafeBufferPointer { values in
        var place = 0
        for start in stride(from: 0, to: text.count, by: 4) {
          var word: UInt32 = 0
          for index in start..<start + 4 {
            let value = index < text.count - padding ? values[Int(text[index])] : 0
            if value > 63 { isValid = false }
            word = word << 6 | UInt32(value & 63)
          }
          buffer[place] = UInt8(truncatingIfNeeded: word >> 16)
          buffer[place + 1] = UInt8(truncatingIfNeeded: word >> 8)
          buffer[place + 2] = UInt8(truncatingIfNeeded: word)
          place += 3
        }
      }
      count = size
    }
    return isValid ? result : nil
  }
}
