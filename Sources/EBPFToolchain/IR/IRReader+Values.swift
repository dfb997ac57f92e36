extension IRReader {
  /// A type and a value of it.
  mutating func operand() throws(IRError) -> IROperand {
    let type = try type()
    return IROperand(type, try value(of: type))
  }

  /// A value whose type is known.
  mutating func value(of type: IRTypeID) throws(IRError) -> IRValue {
    switch token.kind {
    case .local:
      let result = IRValue.local(name(token))
      try advance()
      return result
    case .global:
      let result = IRValue.global(name(token))
      try advance()
      return result
    case .number:
      let result: IRValue = integer(token).map { .integer($0) } ?? .literal(raw(token.first, token.end))
      try advance()
      return result
    case .characters:
      let result = IRValue.literal(raw(token.first, token.end + 1))
      try advance()
      return result
    case .punctuation: return try aggregate()
    case .word: return try wordValue()
    case .node, .bang, .metadataName:
      guard type == .metadata else { throw failure("a value") }
      module.metadataOperands.append(try metadataValue())
      return .metadata(UInt32(module.metadataOperands.count - 1))
    default: throw failure("a value")
    }
  }

  private mutating func wordValue() throws(IRError) -> IRValue {
    if at(word: "true") { return try simple(.integer(1)) }
    if at(word: "false") { return try simple(.integer(0)) }
    if at(word: "null") { return try simple(.null) }
    if at(word: "undef") { return try simple(.undefined) }
    if at(word: "poison") { return try simple(.poison) }
    if at(word: "zeroinitializer") { return try simple(.zero) }
    if at(word: "none") { return try simple(.none) }
    if at(word: "asm") { return try assembly() }
    // A metadata operand that wraps a value: `metadata ptr %x`.
    if atType {
      let operand = try operand()
      module.metadataOperands.append(.value(operand.type, operand.value))
      return .metadata(UInt32(module.metadataOperands.count - 1))
    }
    return try constantExpression()
  }

  private mutating func simple(_ value: IRValue) throws(IRError) -> IRValue {
    try advance()
    return value
  }

  private mutating func aggregate() throws(IRError) -> IRValue {
    if at("[") {
      try advance()
      let operands = try list(until: "]")
      return module.add(IRConstant(.array, operands: operands))
    }
    if at("{") {
      try advance()
      return module.add(IRConstant(.structure, operands: try list(until: "}")))
    }
    guard try take("<") else { throw failure("a value") }
    if try take("{") {
      let operands = try list(until: "}")
      try expect(">")
      return module.add(IRConstant(.packedStructure, operands: operands))
    }
    return module.add(IRConstant(.vector, operands: try list(until: ">")))
  }

  private mutating func list(until end: StaticString) throws(IRError) -> [IROperand] {
    var result: [IROperand] = []
    while !at(end) {
      result.append(try operand())
      guard try take(",") else { break }
    }
    try expect(end)
    return result
  }

  /// `asm sideeffect "…", "…"`.
  private mutating func assembly() throws(IRError) -> IRValue {
    try advance()
    var words: [IRName] = []
    while token.kind == .word {
      words.append(name(token))
      try advance()
    }
    guard token.kind == .string else { throw failure("the text of an inline assembly") }
    words.append(raw(token.first, token.end + 1))
    try advance()
    try expect(",")
    guard token.kind == .string else { throw failure("the constraints of an inline assembly") }
    words.append(raw(token.first, token.end + 1))
    try advance()
    return module.add(IRConstant(.assembly, opcode: .asm, words: module.lists.intern(words)))
  }

  private mutating func constantExpression() throws(IRError) -> IRValue {
    let opcode = name(token)
    try advance()
    var words: [IRName] = []
    while token.kind == .word { words.append(try (at(word: "inrange") ? wordWithArgument() : plainWord())) }
    if token.kind == .global {
      let symbol = name(token)
      try advance()
      return module.add(IRConstant(.prefixed, opcode: opcode, operands: [IROperand(.pointer, .global(symbol))]))
    }
    try expect("(")
    var constant = IRConstant(.operation, opcode: opcode, words: module.lists.intern(words))
    switch opcode {
    case .blockaddress:
      constant.kind = .blockAddress
      let function = try takeName(.global, "a function")
      try expect(",")
      let block = try takeName(.local, "a block")
      constant.operands = [IROperand(.pointer, .global(function)), IROperand(.label, .local(block))]
    case IRName(index: UInt32(IROpcode.getelementptr.rawValue)):
      constant.kind = .getelementptr
      constant.type = try type()
      while try take(",") { constant.operands.append(try operand()) }
    default:
      let first = try operand()
      constant.operands = [first]
      if try take(word: "to") {
        constant.kind = .cast
        constant.type = try type()
      } else {
        while try take(",") { constant.operands.append(try operand()) }
      }
    }
    try expect(")")
    return module.add(constant)
  }

  private mutating func plainWord() throws(IRError) -> IRName {
    let result = name(token)
    try advance()
    return result
  }
}
