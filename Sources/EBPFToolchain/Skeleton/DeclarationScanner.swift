/// Finds the types that Swift sources declare for other modules of the package: `public`, `package` and `open`, below such types.
///
/// It reads words and braces, not the language: comments and strings are stepped over, and whatever braces belong to nothing that it knows
/// hides what is inside (functions, conditions).
package struct DeclarationScanner {
  /// The names, of nested types with their parents': `Outer.Inner`.
  package private(set) var visible: Set<String> = []
  private var text: [UInt8] = []
  private var position = 0

  package init(_ sources: [[UInt8]]) {
    for source in sources {
      text = source
      position = 0
      scan(inside: [], isVisible: true, isVisibleByDefault: false)
    }
  }

  private enum Token: Equatable {
    case word(String)
    case open, close, other(UInt8)
  }

  /// Declarations up to the brace that ends them.
  private mutating func scan(inside path: [String], isVisible: Bool, isVisibleByDefault: Bool) {
    var access: Bool?
    while let token = next() {
      switch token {
      case .word("public"), .word("package"), .word("open"): access = true
      case .word("private"), .word("fileprivate"), .word("internal"):
        // `private(set)` says nothing of the declaration itself.
        if peek() == UInt8(ascii: "(") { continue }
        access = false
      case .word("struct"), .word("enum"), .word("class"), .word("actor"), .word("extension"):
        // `class func`, `class var`.
        guard case .word(let first)? = next(), first != "func", first != "var" else { continue }
        var names = [first]
        while peek() == UInt8(ascii: ".") {
          _ = next()
          if case .word(let more)? = next() { names.append(more) }
        }
        let isExtension = token == .word("extension")
        let own = isExtension ? true : access ?? isVisibleByDefault
        let inner = path + names
        if isVisible, own, !isExtension { visible.insert(inner.joined(separator: ".")) }
        guard findBrace() else { return }
        scan(inside: inner, isVisible: isVisible && own, isVisibleByDefault: isExtension && access == true)
        access = nil
      case .word("var"), .word("let"), .word("func"), .word("init"), .word("subscript"), .word("case"), .word("typealias"):
        access = nil
      case .open: skipBraces()
      case .close: return
      case .word, .other: continue
      }
    }
  }

  /// Goes behind the next opening brace.
  private mutating func findBrace() -> Bool {
    while let token = next() { if token == .open { return true } }
    return false
  }

  private mutating func skipBraces() {
    var depth = 1
    while depth > 0, let token = next() {
      if token == .open { depth += 1 }
      if token == .close { depth -= 1 }
    }
  }

  private mutating func peek() -> UInt8? {
    while position < text.count, text[position] == 32 || text[position] == 10 || text[position] == 9 { position += 1 }
    return position < text.count ? text[position] : nil
  }

  private mutating func next() -> Token? {
    while position < text.count {
      let character = text[position]
      position += 1
      switch character {
      case UInt8(ascii: "/") where starts(with: "/"):
        while position < text.count, text[position] != 10 { position += 1 }
      case UInt8(ascii: "/") where starts(with: "*"): skipComment()
      case UInt8(ascii: "\""): skipString(hashes: 0)
      case UInt8(ascii: "#"):
        var hashes = 1
        while starts(with: "#") {
          hashes += 1
          position += 1
        }
        if starts(with: "\"") {
          position += 1
          skipString(hashes: hashes)
        }
      case UInt8(ascii: "{"): return .open
      case UInt8(ascii: "}"): return .close
      case _ where Self.isWord(character):
        let start = position - 1
        while position < text.count, Self.isWord(text[position]) { position += 1 }
        return .word(String(decoding: text[start..<position], as: UTF8.self))
      case UInt8(ascii: "`"):
        let start = position
        while position < text.count, text[position] != UInt8(ascii: "`") { position += 1 }
        defer { position = min(position + 1, text.count) }
        return .word(String(decoding: text[start..<position], as: UTF8.self))
      case 9, 10, 13, 32: continue
      default: return .other(character)
      }
    }
    return nil
  }

  private static func isWord(_ character: UInt8) -> Bool {
    switch character {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), 0x80...0xff:
      true
    default: false
    }
  }

  private func starts(with words: StaticString) -> Bool {
    words.withUTF8Buffer { words in
      position + words.count <= text.count && words.elementsEqual(text[position..<position + words.count])
    }
  }

  /// Behind `/`, in front of `*`; comments nest.
  private mutating func skipComment() {
    position += 1
    var depth = 1
    while position < text.count, depth > 0 {
      if starts(with: "*/") {
        depth -= 1
        position += 2
      } else if starts(with: "/*") {
        depth += 1
        position += 2
      } else {
        position += 1
      }
    }
  }

  /// Behind the quote that opens a string.
  private mutating func skipString(hashes: Int) {
    let isLong = starts(with: "\"\"")
    if isLong { position += 2 }
    while position < text.count {
      let character = text[position]
      position += 1
      if character == UInt8(ascii: "\\"), hasHashes(hashes) {
        position += hashes
        if starts(with: "(") { skipInterpolation() } else { position += 1 }
      } else if character == UInt8(ascii: "\"") {
        if isLong {
          guard starts(with: "\"\"") else { continue }
          position += 2
        }
        if hasHashes(hashes) {
          position += hashes
          return
        }
        if isLong { position -= 2 }
      } else if character == 10, !isLong {
        return
      }
    }
  }

  private func hasHashes(_ count: Int) -> Bool {
    position + count <= text.count && text[position..<position + count].allSatisfy { $0 == UInt8(ascii: "#") }
  }

  /// In front of the parenthesis of an interpolation, which may hold strings again.
  private mutating func skipInterpolation() {
    var depth = 0
    while position < text.count {
      let character = text[position]
      position += 1
      if character == UInt8(ascii: "(") { depth += 1 }
      if character == UInt8(ascii: ")") {
        depth -= 1
        if depth == 0 { return }
      }
      if character == UInt8(ascii: "\"") { skipString(hashes: 0) }
    }
  }
}
