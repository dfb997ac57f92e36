/// The bytes of texts in LLVM IR: `\xx` stands for a byte in two hexadecimal digits, `\\` for a backslash.
enum IRText {
  /// The bytes that `c"…"` (with its sigil and quotes) stands for.
  static func unescaped(_ module: IRModule, _ literal: IRName) -> [UInt8] {
    module.names.withBytes(literal) { text in
      var result: [UInt8] = []
      var index = text.first == 0x63 ? 2 : 1
      while index < text.count - 1 {
        if text[index] == 0x5c, index + 1 < text.count - 1 {
          if text[index + 1] == 0x5c {
            result.append(0x5c)
            index += 2
            continue
          }
          if index + 2 < text.count - 1, let high = digit(text[index + 1]), let low = digit(text[index + 2]) {
            result.append(high << 4 | low)
            index += 3
            continue
          }
        }
        result.append(text[index])
        index += 1
      }
      return result
    }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  /// `c"…"` for bytes.
  static func escaped(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = [0x63, 0x22]
    for byte in bytes {
      if byte >= 0x20, byte < 0x7f, byte != 0x22, byte != 0x5c {
        result.append(byte)
      } else {
        result += [0x5c, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    result.append(0x22)
    return String(decoding: result, as: UTF8.self)
  }
}
