/// Reads a module of LLVM's textual IR, as swiftc and clang write it.
///
/// Instructions that it does not know are kept as tokens; a structure that it does not know is an error with its line.
package struct IRReader {
  var lexer: IRLexer
  var token = IRLexeme()
  var module = IRModule()
  /// Whether `#dbg_value` and its kin are kept (as tokens).
  let keepsDebugRecords: Bool

  private init(_ text: UnsafeBufferPointer<UInt8>, keepsDebugRecords: Bool) {
    lexer = IRLexer(text)
    self.keepsDebugRecords = keepsDebugRecords
  }

  /// The module that a text says.
  package static func read(_ text: [UInt8], keepsDebugRecords: Bool = true) throws(IRError) -> IRModule {
    try text.withUnsafeBufferPointer { text throws(IRError) in
      var reader = IRReader(text, keepsDebugRecords: keepsDebugRecords)
      try reader.readModule()
      return reader.module
    }
  }

  // MARK: Tokens

  @inline(__always)
  mutating func advance() throws(IRError) { token = try lexer.next() }

  func spelling(_ token: IRLexeme) -> String {
    String(decoding: lexer.text[token.first..<max(token.first, lexer.position)], as: UTF8.self)
  }

  func failure(_ message: String) -> IRError {
    let found = token.kind == .end ? "the end of the text" : "\"\(spelling(token).prefix(60))\""
    return IRError(line: lexer.line(at: token.first), message: "\(found) where \(message) was expected")
  }

  /// The bytes of a token as a name. A quoted name that reads as a number when it is not quoted keeps its quotes.
  mutating func name(_ token: IRLexeme) -> IRName {
    var start = token.start
    var end = token.end
    if token.isQuoted, token.kind != .string, token.kind != .characters, start < end, lexer.text[start] >= 0x30, lexer.text[start] <= 0x39 {
      start -= 1
      end += 1
    }
    return module.names.intern(UnsafeBufferPointer(rebasing: lexer.text[start..<end]))
  }

  /// The token as it is spelled, as a name.
  mutating func raw(_ first: Int, _ end: Int) -> IRName {
    module.names.intern(UnsafeBufferPointer(rebasing: lexer.text[first..<end]))
  }

  @inline(__always)
  func at(_ byte: StaticString) -> Bool {
    token.kind == .punctuation && token.byte == byte.utf8Start.pointee
  }

  @inline(__always)
  mutating func take(_ byte: StaticString) throws(IRError) -> Bool {
    guard at(byte) else { return false }
    try advance()
    return true
  }

  mutating func expect(_ byte: StaticString) throws(IRError) {
    guard try take(byte) else { throw failure("\"\(byte)\"") }
  }

  /// Whether the token is this word.
  func at(word: StaticString) -> Bool {
    guard token.kind == .word, token.end - token.start == word.utf8CodeUnitCount else { return false }
    for index in 0..<word.utf8CodeUnitCount where lexer.text[token.start + index] != word.utf8Start[index] { return false }
    return true
  }

  mutating func take(word: StaticString) throws(IRError) -> Bool {
    guard at(word: word) else { return false }
    try advance()
    return true
  }

  mutating func expect(word: StaticString) throws(IRError) {
    guard try take(word: word) else { throw failure("\"\(word)\"") }
  }

  mutating func takeName(_ kind: IRLexeme.Kind, _ what: String) throws(IRError) -> IRName {
    guard token.kind == kind else { throw failure(what) }
    let result = name(token)
    try advance()
    return result
  }

  /// A number without sign.
  mutating func unsigned() throws(IRError) -> UInt64 {
    guard token.kind == .number || token.kind == .node || token.kind == .attributeGroup else { throw failure("a number") }
    var value: UInt64 = 0
    for index in token.start..<token.end {
      let digit = lexer.text[index] &- 0x30
      let (high, overflow) = value.multipliedReportingOverflow(by: 10)
      guard digit < 10, !overflow else { throw failure("a number") }
      value = high &+ UInt64(digit)
    }
    try advance()
    return value
  }

  mutating func number32() throws(IRError) -> UInt32 {
    let token = token
    let value = try unsigned()
    guard let result = UInt32(exactly: value) else {
      throw IRError(line: lexer.line(at: token.first), message: "the number \(value) is too large")
    }
    return result
  }

  /// The value of a decimal integer that fits 64 bits (unsigned ones that do not fit are given as their two's complement when `wraps`).
  func integer(_ token: IRLexeme) -> Int64? {
    var index = token.start
    let negative = index < token.end && lexer.text[index] == 0x2d
    if negative { index += 1 }
    guard index < token.end else { return nil }
    var value: UInt64 = 0
    while index < token.end {
      let digit = lexer.text[index] &- 0x30
      let (high, overflow) = value.multipliedReportingOverflow(by: 10)
      guard digit < 10, !overflow, high <= UInt64.max - 9 else { return nil }
      value = high &+ UInt64(digit)
      index += 1
    }
    if negative { return value <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- value) : nil }
    return Int64(exactly: value)
  }

  /// The token as a piece of kept text.
  mutating func piece(_ token: IRLexeme) -> IRToken {
    switch token.kind {
    case .local: .local(name(token))
    case .global: .global(name(token))
    case .node: integer(token).flatMap { UInt32(exactly: $0) }.map { .node($0) } ?? .word(raw(token.first, token.end))
    case .string, .characters: .word(raw(token.first, token.end + 1))
    case .comdat: .word(raw(token.first, token.isQuoted ? token.end + 1 : token.end))
    default: .word(raw(token.first, token.end))
    }
  }

  /// The tokens up to the end of the line that is not inside brackets.
  mutating func restOfLine() throws(IRError) -> [IRToken] {
    var result: [IRToken] = []
    var depth = 0
    var last = token.first
    while token.kind != .end {
      if depth == 0, !result.isEmpty, breaksLine(last, token.first) { break }
      if token.kind == .punctuation {
        if token.byte == 0x28 || token.byte == 0x5b || token.byte == 0x7b { depth += 1 }
        if token.byte == 0x29 || token.byte == 0x5d || token.byte == 0x7d {
          if depth == 0 { break }
          depth -= 1
        }
      }
      result.append(piece(token))
      last = lexer.position
      try advance()
    }
    return result
  }

  private func breaksLine(_ first: Int, _ end: Int) -> Bool {
    for index in first..<max(first, end) where lexer.text[index] == 10 { return true }
    return false
  }

  // MARK: The module

  private mutating func readModule() throws(IRError) {
    try advance()
    while token.kind != .end {
      switch token.kind {
      case .local: try readTypeDefinition()
      case .global: try readGlobal()
      case .metadataName: try readNamedMetadata()
      case .node: try readNode()
      case .comdat: module.header.append(try restOfLine())
      case .word:
        if at(word: "define") {
          try readFunction(isDefinition: true)
        } else if at(word: "declare") {
          try readFunction(isDefinition: false)
        } else if at(word: "attributes") {
          try readAttributeGroup()
        } else if at(word: "source_filename") || at(word: "target") || at(word: "module") {
          module.header.append(try restOfLine())
        } else {
          throw failure("a definition")
        }
      default: throw failure("a definition")
      }
    }
  }

  private mutating func readTypeDefinition() throws(IRError) {
    let name = name(token)
    try advance()
    try expect("=")
    try expect(word: "type")
    let id = module.types.intern(named: name)
    module.types.define(id, as: try type())
  }

  private mutating func readGlobal() throws(IRError) {
    let start = token
    let name = name(token)
    try advance()
    try expect("=")
    var prefix: [IRName] = []
    while token.kind == .word, !at(word: "global"), !at(word: "constant") {
      if at(word: "alias") || at(word: "ifunc") {
        lexer.position = start.first
        try advance()
        module.aliases.append(try restOfLine())
        return
      }
      prefix.append(try wordWithArgument())
    }
    let isConstant = at(word: "constant")
    guard isConstant || at(word: "global") else { throw failure("\"global\" or \"constant\"") }
    try advance()
    let type = try type()
    let isExternal = prefix.contains { $0 == .external || $0 == .extern_weak }
    let initializer = isExternal ? nil : try value(of: type)
    var global = IRGlobal(name: name, isConstant: isConstant, type: type, initializer: initializer)
    global.prefix = module.lists.intern(prefix)
    while try take(",") {
      if token.kind == .metadataName {
        global.attachments.append(try attachment())
      } else if try take(word: "section") {
        global.section = try takeName(.string, "the name of a section")
      } else if try take(word: "align") {
        global.alignment = try number32()
      } else {
        var pieces: [IRToken] = []
        var depth = 0
        while token.kind != .end, !(depth == 0 && at(",")) {
          if at("(") { depth += 1 }
          if at(")") { depth -= 1 }
          pieces.append(piece(token))
          let last = lexer.position
          try advance()
          if depth == 0, breaksLine(last, token.first) { break }
        }
        global.rest.append(pieces)
      }
    }
    // Attributes (`#4`) stand behind all.
    while token.kind == .attributeGroup {
      global.rest.append([piece(token)])
      try advance()
    }
    module.globals.append(global)
  }

  /// A word, with what stands in parentheses behind it, as one name: `thread_local(initialexec)`, `addrspace(1)`, `align 8` is not such.
  mutating func wordWithArgument() throws(IRError) -> IRName {
    let first = token.first
    var end = token.kind == .string ? token.end + 1 : token.end
    try advance()
    guard at("(") else { return raw(first, end) }
    var depth = 0
    repeat {
      if at("(") { depth += 1 }
      if at(")") { depth -= 1 }
      if token.kind == .end { throw failure("\")\"") }
      end = token.kind == .string ? token.end + 1 : token.end
      try advance()
    } while depth > 0
    return raw(first, end)
  }

  private mutating func readAttributeGroup() throws(IRError) {
    try advance()
    guard token.kind == .attributeGroup else { throw failure("the number of an attribute group") }
    let number = try number32()
    try expect("=")
    try expect("{")
    var attributes: [IRName] = []
    while !at("}") {
      guard token.kind == .word || token.kind == .string else { throw failure("an attribute") }
      let first = token.first
      let behind = token.kind == .string ? token.end + 1 : token.end
      let attribute = try wordWithArgument()
      if try take("=") {
        let end = token.kind == .string ? token.end + 1 : token.end
        attributes.append(raw(first, end))
        try advance()
      } else {
        _ = behind
        attributes.append(attribute)
      }
    }
    try expect("}")
    module.attributeGroups.append(IRAttributeGroup(number: number, attributes: attributes))
  }
}
