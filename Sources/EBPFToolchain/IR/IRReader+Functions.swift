extension IRName {
  /// Whether the word is an attribute of a parameter or a result.
  var isParameterAttribute: Bool {
    (IRName.signext.index...IRName.noext.index).contains(index) || self == .align || self == .swifterror || self == .inalloca
  }
}

extension IRReader {
  /// `define … { … }` or `declare …`.
  mutating func readFunction(isDefinition: Bool) throws(IRError) {
    try advance()
    var attachments: [IRAttachment] = []
    while token.kind == .metadataName { attachments.append(try attachment()) }
    var prefix: [IRName] = []
    while !atType {
      guard token.kind == .word || token.kind == .string else { throw failure("a type") }
      prefix.append(try attributeWord())
    }
    let result = try baseTypeOfFunction()
    let name = try takeName(.global, "the name of a function")
    var function = IRFunction(name: name, isDefinition: isDefinition, result: result)
    function.prefix = module.lists.intern(prefix)
    function.attachments = attachments
    try expect("(")
    while !at(")") {
      if token.kind == .ellipsis {
        function.isVariadic = true
        try advance()
      } else {
        var parameter = IRParameter(type: try type())
        parameter.attributes = try parameterAttributes()
        if token.kind == .local { parameter.name = try takeName(.local, "a parameter") }
        function.parameters.append(parameter)
      }
      guard try take(",") else { break }
    }
    try expect(")")
    try readFunctionTail(&function)
    if isDefinition { try readBody(&function) }
    module.functions.append(function)
  }

  /// The result's type: a parenthesis behind it belongs to no function type here, as a name stands between.
  private mutating func baseTypeOfFunction() throws(IRError) -> IRTypeID { try type() }

  /// One attribute: a word, a word with an argument, `align 8`, `"key"="value"`.
  mutating func attributeWord() throws(IRError) -> IRName {
    let first = token.first
    if at(word: "align") || at(word: "cc") {
      try advance()
      if token.kind == .number {
        let end = token.end
        try advance()
        return raw(first, end)
      }
      if at("(") {
        while !at(")"), token.kind != .end { try advance() }
        let end = token.end
        try advance()
        return raw(first, end)
      }
      throw failure("an alignment")
    }
    let word = try wordWithArgument()
    if at("=") {
      try advance()
      let end = token.kind == .string ? token.end + 1 : token.end
      try advance()
      return raw(first, end)
    }
    return word
  }

  /// The attributes between a type and a value or name.
  mutating func parameterAttributes() throws(IRError) -> IRList {
    guard token.kind == .word || token.kind == .string else { return .empty }
    var attributes: [IRName] = []
    while token.kind == .string || (token.kind == .word && name(token).isParameterAttribute) {
      attributes.append(try attributeWord())
    }
    return module.lists.intern(attributes)
  }

  private mutating func readFunctionTail(_ function: inout IRFunction) throws(IRError) {
    var attributes: [IRName] = []
    while token.kind != .end, !at("{") {
      switch token.kind {
      case .attributeGroup:
        attributes.append(raw(token.first, token.end))
        try advance()
      case .metadataName: function.attachments.append(try attachment())
      case .word:
        if try take(word: "section") {
          function.section = try takeName(.string, "the name of a section")
        } else if at(word: "align") {
          try advance()
          function.alignment = try number32()
        } else if at(word: "comdat") || at(word: "gc") || at(word: "partition") {
          let isComdat = at(word: "comdat")
          function.rest.append(piece(token))
          try advance()
          if isComdat {
            guard at("(") else { continue }
            while !at(")"), token.kind != .end {
              function.rest.append(piece(token))
              try advance()
            }
          }
          function.rest.append(piece(token))
          try advance()
        } else if at(word: "personality") || at(word: "prefix") || at(word: "prologue") {
          function.rest.append(piece(token))
          try advance()
          function.rest.append(.word(raw(token.first, token.end)))
          _ = try type()
          function.rest.append(piece(token))
          try advance()
        } else if function.isDefinition || !(at(word: "define") || at(word: "declare") || at(word: "attributes")) {
          attributes.append(try attributeWord())
        } else {
          function.attributes = module.lists.intern(attributes)
          return
        }
      case .string: attributes.append(try attributeWord())
      default:
        function.attributes = module.lists.intern(attributes)
        return
      }
    }
    function.attributes = module.lists.intern(attributes)
  }

  private mutating func readBody(_ function: inout IRFunction) throws(IRError) {
    try expect("{")
    var block = IRBlock(label: .empty)
    var isOpen = false
    while !at("}") {
      // A label: a word, number or string with a colon right behind it.
      if token.kind == .word || token.kind == .number || token.kind == .string, lexer.position < lexer.text.count,
        lexer.text[lexer.position] == 0x3a
      {
        if isOpen { function.blocks.append(block) }
        block = IRBlock(label: token.kind == .string ? labelName() : name(token))
        isOpen = true
        try advance()
        try expect(":")
        continue
      }
      isOpen = true
      if token.kind == .record {
        if keepsDebugRecords {
          block.instructions.append(try verbatim(result: .empty))
        } else {
          lexer.skipLine()
          try advance()
        }
        continue
      }
      block.instructions.append(try instruction())
    }
    if isOpen { function.blocks.append(block) }
    try expect("}")
  }

  private mutating func labelName() -> IRName {
    token.isQuoted = true
    var label = token
    label.kind = .local
    return name(label)
  }

  /// The instruction's whole line as tokens.
  mutating func verbatim(result: IRName) throws(IRError) -> IRInstruction {
    var instruction = IRInstruction(.verbatim, result: result)
    module.verbatim.append(try restOfLine())
    instruction.verbatim = Int32(module.verbatim.count - 1)
    return instruction
  }
}
