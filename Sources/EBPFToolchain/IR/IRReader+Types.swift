extension IRReader {
  /// Whether a type begins here.
  var atType: Bool {
    switch token.kind {
    case .local: true
    case .punctuation: at("[") || at("{") || at("<")
    case .word: isTypeWord
    default: false
    }
  }

  private var isTypeWord: Bool {
    let text = lexer.text
    let length = token.end - token.start
    if text[token.start] == 0x69, length > 1 {  // i32
      for index in token.start + 1..<token.end where text[index] < 0x30 || text[index] > 0x39 { return false }
      return true
    }
    return at(word: "ptr") || at(word: "void") || at(word: "label") || at(word: "metadata") || at(word: "token") || at(word: "opaque")
      || at(word: "double") || at(word: "float") || at(word: "half") || at(word: "bfloat") || at(word: "fp128") || at(word: "x86_fp80")
      || at(word: "ppc_fp128") || at(word: "target")
  }

  /// A type: `i32`, `ptr`, `<{ i8, %T }>`, `void (ptr, ...)`.
  mutating func type() throws(IRError) -> IRTypeID {
    var result = try baseType()
    while at("(") {
      try advance()
      var parameters: [IRTypeID] = []
      var isVariadic = false
      while !at(")") {
        if token.kind == .ellipsis {
          isVariadic = true
          try advance()
        } else {
          parameters.append(try type())
        }
        guard try take(",") else { break }
      }
      try expect(")")
      result = module.types.intern(.function(result: result, parameters: parameters, variadic: isVariadic))
    }
    return result
  }

  private mutating func baseType() throws(IRError) -> IRTypeID {
    switch token.kind {
    case .local:
      let id = module.types.intern(named: name(token))
      try advance()
      return id
    case .word:
      return try wordType()
    case .punctuation:
      if try take("[") {
        let count = try unsigned()
        try expect(word: "x")
        let element = try type()
        try expect("]")
        return module.types.intern(.array(count: count, element: element))
      }
      if at("{") { return try structure(packed: false) }
      if try take("<") {
        if at("{") {
          let result = try structure(packed: true)
          try expect(">")
          return result
        }
        let scalable = try take(word: "vscale")
        if scalable { try expect(word: "x") }
        let count = try unsigned()
        try expect(word: "x")
        let element = try type()
        try expect(">")
        return module.types.intern(.vector(count: count, element: element, scalable: scalable))
      }
    default: break
    }
    throw failure("a type")
  }

  private mutating func structure(packed: Bool) throws(IRError) -> IRTypeID {
    try expect("{")
    var members: [IRTypeID] = []
    while !at("}") {
      members.append(try type())
      guard try take(",") else { break }
    }
    try expect("}")
    return module.types.intern(.structure(members, packed: packed))
  }

  private mutating func wordType() throws(IRError) -> IRTypeID {
    let text = lexer.text
    if text[token.start] == 0x69, token.end - token.start > 1, text[token.start + 1] >= 0x30, text[token.start + 1] <= 0x39 {
      var bits: UInt32 = 0
      for index in token.start + 1..<token.end {
        guard text[index] >= 0x30, text[index] <= 0x39, bits < 10_000_000 else { throw failure("a type") }
        bits = bits * 10 + UInt32(text[index] - 0x30)
      }
      try advance()
      return module.types.integer(bits)
    }
    if try take(word: "ptr") {
      guard at(word: "addrspace") else { return .pointer }
      try advance()
      try expect("(")
      let space = try number32()
      try expect(")")
      return module.types.intern(.pointer(addressSpace: space))
    }
    if try take(word: "void") { return .void }
    if try take(word: "label") { return .label }
    if try take(word: "metadata") { return .metadata }
    if try take(word: "token") { return .token }
    if try take(word: "opaque") { return .opaque }
    if at(word: "target") { return module.types.intern(.other(try wordWithArgument())) }
    guard isTypeWord else { throw failure("a type") }
    let word = name(token)
    try advance()
    return module.types.intern(.floating(word))
  }
}
