/// One word, number or operator of assembler source.
struct AssemblyToken {
  enum Kind: Equatable {
    case word(String)
    /// The magnitude of a number, and whether it was written in hexadecimal.
    case number(UInt64, hexadecimal: Bool)
    case symbol(String)
  }

  var kind: Kind
  /// Counted from 1, in bytes.
  var column: Int
  /// Whether white space stands before it.
  var spaced: Bool
}

/// Splits a line of assembler source.
///
/// `;`, `//` and a `#` after white space begin a comment.
struct AssemblyLexer {
  /// The operators; those that are another one's beginning stand behind it.
  private static let symbols: [(bytes: [UInt8], text: String)] = [
    "s>>=", "s/=", "s%=", "s>=", "s<=", ">>=", "<<=", "s>", "s<", "+=", "-=", "*=", "/=", "|=", "&=", "%=", "^=", "==", "!=", ">=", "<=",
    ">",
    "<", "=", "&", "(", ")", "*", "[", "]", ",", ":", "+", "-", "#",
  ].map { (Array($0.utf8), $0) }

  /// For each byte the operators that begin with it.
  private static let symbolsByByte: [[(bytes: [UInt8], text: String)]] = {
    var table = [[(bytes: [UInt8], text: String)]](repeating: [], count: 256)
    for symbol in symbols { table[Int(symbol.bytes[0])].append(symbol) }
    return table
  }()

  private static func symbol(in line: [UInt8], at index: Int) -> (bytes: [UInt8], text: String)? {
    symbolsByByte[Int(line[index])].first { symbol in
      guard index + symbol.bytes.count <= line.count else { return false }
      for offset in 1..<max(symbol.bytes.count, 1) where line[index + offset] != symbol.bytes[offset] { return false }
      return true
    }
  }

  static func tokens(of line: [UInt8], from start: Int, line lineNumber: Int) throws(AssemblyError) -> [AssemblyToken] {
    var tokens: [AssemblyToken] = []
    var index = start
    while index < line.count {
      let byte = line[index]
      let spaced = index == 0 || isSpace(line[index - 1])
      if isSpace(byte) {
        index += 1
        continue
      }
      if byte == UInt8(ascii: ";") || (byte == UInt8(ascii: "#") && spaced) || isSlash(line, index) && isSlash(line, index + 1) {
        break
      }
      let column = index + 1
      if isDigit(byte) {
        let (value, hexadecimal, end) = try number(in: line, at: index, line: lineNumber)
        tokens.append(AssemblyToken(kind: .number(value, hexadecimal: hexadecimal), column: column, spaced: spaced))
        index = end
      } else if let symbol = symbol(in: line, at: index) {
        tokens.append(AssemblyToken(kind: .symbol(symbol.text), column: column, spaced: spaced))
        index += symbol.bytes.count
      } else if isWord(byte) {
        var end = index
        while end < line.count, isWord(line[end]) || isDigit(line[end]) { end += 1 }
        tokens.append(AssemblyToken(kind: .word(String(decoding: line[index..<end], as: UTF8.self)), column: column, spaced: spaced))
        index = end
      } else {
        let shown = byte >= 0x20 && byte < 0x7f ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x\(hexByte(byte))"
        throw AssemblyError(line: lineNumber, column: column, message: "\(shown) means nothing here")
      }
    }
    return tokens
  }

  private static func number(
    in line: [UInt8], at start: Int, line number: Int
  ) throws(AssemblyError) -> (value: UInt64, hexadecimal: Bool, end: Int) {
    var index = start
    let hexadecimal = line[start] == UInt8(ascii: "0") && start + 1 < line.count && line[start + 1] | 0x20 == UInt8(ascii: "x")
    let radix: UInt64 = hexadecimal ? 16 : 10
    if hexadecimal { index += 2 }
    var value: UInt64 = 0
    let first = index
    while index < line.count, let digit = hexDigit(line[index]), digit < radix {
      let (product, high) = value.multipliedReportingOverflow(by: radix)
      let (sum, carry) = product.addingReportingOverflow(digit)
      guard !high, !carry else { throw AssemblyError(line: number, column: start + 1, message: "the number does not fit 64 bits") }
      value = sum
      index += 1
    }
    guard index > first, index == line.count || !(isWord(line[index]) || isDigit(line[index])) else {
      throw AssemblyError(line: number, column: start + 1, message: "not a number")
    }
    return (value, hexadecimal, index)
  }

  private static func isSlash(_ line: [UInt8], _ index: Int) -> Bool { index < line.count && line[index] == UInt8(ascii: "/") }
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
  static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
  static func isWord(_ byte: UInt8) -> Bool {
    (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "$")
  }
  static func hexDigit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}
