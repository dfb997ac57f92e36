extension IRReader {
  /// One instruction. What is not understood is kept as it stands.
  mutating func instruction() throws(IRError) -> IRInstruction {
    var result = IRName.empty
    if token.kind == .local {
      result = name(token)
      try advance()
      try expect("=")
    }
    let start = token
    do {
      return try known(result: result)
    } catch {
      // Back to the first word, and its line as tokens.
      lexer.position = start.first
      token = try lexer.next()
      let isJump = at(word: "callbr") || at(word: "invoke")
      var instruction = try verbatim(result: result)
      // Where these go stands on a line of its own.
      if isJump, at(word: "to") { module.verbatim[Int(instruction.verbatim)] += try restOfLine() }
      takeLocation(&instruction)
      return instruction
    }
  }

  /// Takes the attachments (`, !dbg !7, !srcloc !8`) out of kept tokens: locations change, whatever the instruction is.
  private mutating func takeLocation(_ instruction: inout IRInstruction) {
    var tokens = module.verbatim[Int(instruction.verbatim)]
    while tokens.count > 3, case .node(let node) = tokens[tokens.count - 1], case .word(let kind) = tokens[tokens.count - 2],
      case .word(let comma) = tokens[tokens.count - 3], module.names[comma] == ",", module.names.hasPrefix(kind, "!")
    {
      tokens.removeLast(3)
      let name = module.names.intern(String(module.names[kind].dropFirst()))
      if name == .dbg {
        instruction.location = Int32(node)
      } else {
        instruction.attachments.insert(IRAttachment(kind: name, node: .node(node)), at: 0)
      }
    }
    module.verbatim[Int(instruction.verbatim)] = tokens
  }

  private mutating func known(result: IRName) throws(IRError) -> IRInstruction {
    guard token.kind == .word else { throw failure("an instruction") }
    var word = name(token)
    var instruction = IRInstruction(.verbatim, result: result)
    if word == .tail || word == .musttail || word == .notail {
      instruction.tail = word
      try advance()
      word = name(token)
    }
    guard word.index != 0, word.index <= UInt32(UInt8.max), let opcode = IROpcode(rawValue: UInt8(word.index)) else {
      throw failure("an instruction")
    }
    instruction.opcode = opcode
    try advance()
    switch opcode {
    case .verbatim: throw failure("an instruction")
    case .call: try call(&instruction)
    case .br:
      instruction.operands.append(try operand())
      if try moreOperands(&instruction) { return instruction }
    case .switch: try readSwitch(&instruction)
    case .ret:
      if try !take(word: "void") { instruction.operands = [try operand()] }
    case .unreachable: break
    case .phi: try phi(&instruction)
    case .alloca: try alloca(&instruction)
    case .load, .store, .cmpxchg, .atomicrmw: try memory(&instruction)
    case .fence:
      instruction.trailing = try words()
    case .getelementptr:
      instruction.modifiers = try words()
      instruction.type = try type()
      try expect(",")
      instruction.operands.append(try operand())
      if try moreOperands(&instruction) { return instruction }
    case .trunc, .zext, .sext, .fptrunc, .fpext, .fptoui, .fptosi, .uitofp, .sitofp, .ptrtoint, .inttoptr, .bitcast, .addrspacecast:
      instruction.modifiers = try words()
      instruction.operands = [try operand()]
      try expect(word: "to")
      instruction.type = try type()
    case .extractvalue, .insertvalue:
      instruction.operands = [try operand()]
      if opcode == .insertvalue {
        try expect(",")
        instruction.operands.append(try operand())
      }
      while try take(",") {
        guard token.kind != .metadataName else {
          try attachments(&instruction)
          return instruction
        }
        instruction.operands.append(IROperand(.i32, .integer(Int64(try unsigned()))))
      }
    case .select, .extractelement, .insertelement, .shufflevector, .freeze, .fneg:
      instruction.modifiers = try words()
      instruction.operands = [try operand()]
      if try moreOperands(&instruction) { return instruction }
    default:
      // Arithmetic and comparisons: one type, two values.
      instruction.modifiers = try words()
      let type = try type()
      instruction.type = type
      let first = try value(of: type)
      try expect(",")
      instruction.operands = [IROperand(type, first), IROperand(type, try value(of: type))]
    }
    if try take(",") { try attachments(&instruction) }
    return instruction
  }

  /// Reads operands behind commas.
  /// - Returns: whether attachments ended them, which are read then: the instruction is whole.
  private mutating func moreOperands(_ instruction: inout IRInstruction) throws(IRError) -> Bool {
    while try take(",") {
      guard token.kind != .metadataName else {
        try attachments(&instruction)
        return true
      }
      instruction.operands.append(try operand())
    }
    return false
  }

  /// Words that are no types.
  private mutating func words() throws(IRError) -> IRList {
    guard token.kind == .word, !atType else { return .empty }
    var words: [IRName] = []
    while token.kind == .word, !atType, !atInstructionStart { words.append(try wordWithArgument()) }
    return module.lists.intern(words)
  }

  /// Whether the token begins a line: words at the end of an instruction must not run into the next one.
  private var atInstructionStart: Bool {
    var index = token.first
    while index > 0 {
      index -= 1
      if lexer.text[index] == 10 { return true }
      if lexer.text[index] != 32, lexer.text[index] != 9 { return false }
    }
    return true
  }

  /// What stands behind the last comma: `align 8`, `!dbg !7`, `!tbaa !8`.
  private mutating func attachments(_ instruction: inout IRInstruction) throws(IRError) {
    repeat {
      if token.kind == .metadataName {
        let attachment = try attachment()
        if attachment.kind == .dbg, case .node(let node) = attachment.node, instruction.attachments.isEmpty {
          instruction.location = Int32(node)
        } else {
          instruction.attachments.append(attachment)
        }
      } else if at(word: "align") {
        try advance()
        instruction.alignment = try number32()
      } else {
        throw failure("an attachment")
      }
    } while try take(",")
  }

  private mutating func alloca(_ instruction: inout IRInstruction) throws(IRError) {
    instruction.modifiers = try words()
    instruction.type = try type()
    while try take(",") {
      if token.kind == .metadataName || at(word: "align") {
        try attachments(&instruction)
        return
      }
      guard !at(word: "addrspace"), instruction.operands.isEmpty else { throw failure("a number of elements") }
      instruction.operands = [try operand()]
    }
  }

  private mutating func memory(_ instruction: inout IRInstruction) throws(IRError) {
    instruction.modifiers = try words()
    switch instruction.opcode {
    case .load:
      instruction.type = try type()
      try expect(",")
      instruction.operands = [try operand()]
    case .cmpxchg:
      instruction.operands = [try operand()]
      try expect(",")
      instruction.operands.append(try operand())
      try expect(",")
      instruction.operands.append(try operand())
    default:
      instruction.operands = [try operand()]
      try expect(",")
      instruction.operands.append(try operand())
    }
    instruction.trailing = try words()
  }

  private mutating func readSwitch(_ instruction: inout IRInstruction) throws(IRError) {
    instruction.operands = [try operand()]
    try expect(",")
    instruction.operands.append(try operand())
    try expect("[")
    while !at("]") {
      instruction.operands.append(try operand())
      try expect(",")
      instruction.operands.append(try operand())
    }
    try expect("]")
  }

  private mutating func phi(_ instruction: inout IRInstruction) throws(IRError) {
    instruction.modifiers = try words()
    let type = try type()
    instruction.type = type
    while at("[") {
      try advance()
      instruction.operands.append(IROperand(type, try value(of: type)))
      try expect(",")
      instruction.operands.append(IROperand(.label, try value(of: .label)))
      try expect("]")
      guard try take(",") else { return }
      if token.kind == .metadataName {
        try attachments(&instruction)
        return
      }
    }
  }

  private mutating func call(_ instruction: inout IRInstruction) throws(IRError) {
    var modifiers: [IRName] = []
    while !atType {
      guard token.kind == .word || token.kind == .string else { throw failure("a type") }
      modifiers.append(try attributeWord())
    }
    instruction.modifiers = module.lists.intern(modifiers)
    instruction.type = try type()
    instruction.callee = try value(of: .pointer)
    try expect("(")
    while !at(")") {
      let type = try type()
      let attributes = try parameterAttributes()
      instruction.operands.append(IROperand(type, try value(of: type), attributes: attributes))
      guard try take(",") else { break }
    }
    try expect(")")
    var trailing: [IRName] = []
    while (token.kind == .attributeGroup || token.kind == .word || token.kind == .string) && !atInstructionStart {
      if token.kind == .attributeGroup {
        trailing.append(raw(token.first, token.end))
        try advance()
      } else {
        trailing.append(try attributeWord())
      }
    }
    instruction.trailing = module.lists.intern(trailing)
    guard !at("[") else { throw failure("an operand bundle is kept as it stands:") }
  }
}
