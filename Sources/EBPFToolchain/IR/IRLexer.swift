/// One token of LLVM's textual IR.
struct IRLexeme {
  enum Kind: UInt8 {
    case end
    /// A keyword or type: letters, digits, `_ . $ -`.
    case word
    case number
    /// `"…"`; the range is what stands between the quotes.
    case string
    /// `c"…"`; the range is what stands between the quotes.
    case characters
    /// `%name` or `%"name"`.
    case local
    /// `@name` or `@"name"`.
    case global
    /// `!7`.
    case node
    /// `!name`.
    case metadataName
    /// `!` alone, in front of a brace or a string.
    case bang
    /// `#7`.
    case attributeGroup
    /// `#name`.
    case record
    /// `$name`.
    case comdat
    /// `...`.
    case ellipsis
    /// One character: the byte at the range's start.
    case punctuation
  }
  var kind: Kind = .end
  /// For names and strings: without sigil and quotes.
  var start = 0
  var end = 0
  /// Where the token begins in the text.
  var first = 0
  /// Whether a name stands in quotes.
  var isQuoted = false
  var byte: UInt8 = 0
}

/// Cuts a text of LLVM IR into tokens (Language Reference, "Lexical rules" in LLLexer.cpp).
struct IRLexer {
  let text: UnsafeBufferPointer<UInt8>
  var position = 0

  init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

  @inline(__always)
  private static func isIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x61...0x7a, 0x41...0x5a, 0x30...0x39, 0x5f, 0x2e, 0x24, 0x2d: true
    default: false
    }
  }

  /// The line that a position is in, from 1.
  func line(at position: Int) -> Int {
    var line = 1
    for index in 0..<min(position, text.count) where text[index] == 10 { line += 1 }
    return line
  }

  @inline(__always)
  private mutating func identifier() -> Int {
    var position = position
    while position < text.count, Self.isIdentifier(text[position]) { position += 1 }
    self.position = position
    return position
  }

  /// The end of a string whose first byte is at the position; the position then is behind the closing quote.
  private mutating func quoted() throws(IRError) -> Int {
    var position = position
    while position < text.count, text[position] != 0x22 { position += 1 }
    guard position < text.count else { throw IRError(line: line(at: self.position), message: "a string does not end") }
    self.position = position + 1
    return position
  }

  /// A name behind a sigil.
  private mutating func named(_ kind: IRLexeme.Kind, from first: Int) throws(IRError) -> IRLexeme {
    if position < text.count, text[position] == 0x22 {
      position += 1
      let start = position
      let end = try quoted()
      return IRLexeme(kind: kind, start: start, end: end, first: first, isQuoted: true)
    }
    let start = position
    let end = identifier()
    return IRLexeme(kind: kind, start: start, end: end, first: first)
  }

  mutating func next() throws(IRError) -> IRLexeme {
    while position < text.count {
      switch text[position] {
      case 32, 9, 10, 13: position += 1
      case 0x3b:  // ;
        skipLine()
      default: return try token()
      }
    }
    return IRLexeme(kind: .end, start: position, end: position, first: position)
  }

  mutating func skipLine() {
    var position = position
    while position < text.count, text[position] != 10 { position += 1 }
    self.position = position
  }

  private mutating func token() throws(IRError) -> IRLexeme {
    let first = position
    let byte = text[first]
    switch byte {
    case 0x25:  // %
      position += 1
      return try named(.local, from: first)
    case 0x40:  // @
      position += 1
      return try named(.global, from: first)
    case 0x24:  // $
      position += 1
      return try named(.comdat, from: first)
    case 0x21:  // !
      position += 1
      let start = position
      guard start < text.count else { break }
      if text[start] >= 0x30, text[start] <= 0x39 {
        var end = start
        while end < text.count, text[end] >= 0x30, text[end] <= 0x39 { end += 1 }
        position = end
        return IRLexeme(kind: .node, start: start, end: end, first: first)
      }
      if Self.isIdentifier(text[start]) || text[start] == 0x5c {
        while position < text.count, Self.isIdentifier(text[position]) || text[position] == 0x5c { position += 1 }
        return IRLexeme(kind: .metadataName, start: start, end: position, first: first)
      }
      return IRLexeme(kind: .bang, start: first, end: start, first: first, byte: byte)
    case 0x23:  // #
      position += 1
      let start = position
      let end = identifier()
      let isNumber = start < end && text[start] >= 0x30 && text[start] <= 0x39
      return IRLexeme(kind: isNumber ? .attributeGroup : .record, start: start, end: end, first: first)
    case 0x22:  // "
      position += 1
      let start = position
      let end = try quoted()
      return IRLexeme(kind: .string, start: start, end: end, first: first, isQuoted: true)
    case 0x2e where first + 2 < text.count && text[first + 1] == 0x2e && text[first + 2] == 0x2e:
      position += 3
      return IRLexeme(kind: .ellipsis, start: first, end: position, first: first)
    case 0x63 where first + 1 < text.count && text[first + 1] == 0x22:  // c"
      position += 2
      let start = position
      let end = try quoted()
      return IRLexeme(kind: .characters, start: start, end: end, first: first, isQuoted: true)
    case 0x30...0x39, 0x2d:  // digits, -
      var end = identifier()
      // 1.0e+05: a plus is part of a number only behind its exponent's letter.
      if end < text.count, text[end] == 0x2b, end > first, text[end - 1] | 0x20 == 0x65 {
        position += 1
        end = identifier()
      }
      return IRLexeme(kind: .number, start: first, end: end, first: first)
    default:
      if Self.isIdentifier(byte) {
        let end = identifier()
        return IRLexeme(kind: .word, start: first, end: end, first: first)
      }
    }
    position = first + 1
    return IRLexeme(kind: .punctuation, start: first, end: first + 1, first: first, byte: byte)
  }
}
