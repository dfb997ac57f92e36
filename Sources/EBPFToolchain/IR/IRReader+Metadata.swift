extension IRReader {
  /// `!dbg !7`.
  mutating func attachment() throws(IRError) -> IRAttachment {
    let kind = try takeName(.metadataName, "the kind of a metadata attachment")
    return IRAttachment(kind: kind, node: try metadataValue())
  }

  /// `!llvm.dbg.cu = !{!1, !2}`.
  mutating func readNamedMetadata() throws(IRError) {
    let name = try takeName(.metadataName, "the name of metadata")
    try expect("=")
    guard token.kind == .bang else { throw failure("a list of nodes") }
    try advance()
    try expect("{")
    var nodes: [IRMetadataValue] = []
    while !at("}") {
      nodes.append(try metadataValue())
      guard try take(",") else { break }
    }
    try expect("}")
    module.namedMetadata.append((name, nodes))
  }

  /// `!7 = distinct !DISubprogram(…)` or `!7 = !{…}`.
  mutating func readNode() throws(IRError) {
    let number = try number32()
    try expect("=")
    let isDistinct = try take(word: "distinct")
    guard token.kind == .bang || token.kind == .metadataName else { throw failure("a metadata node") }
    let (kind, fields) = try nodeBody()
    module.metadata.define(number, kind: kind, fields: fields, distinct: isDistinct)
  }

  /// What follows the exclamation mark of a node: a tuple or a specialised node.
  private mutating func nodeBody() throws(IRError) -> (IRName, [IRMetadataField]) {
    if token.kind == .bang {
      try advance()
      try expect("{")
      var fields: [IRMetadataField] = []
      while !at("}") {
        fields.append(IRMetadataField(.empty, try metadataValue()))
        guard try take(",") else { break }
      }
      try expect("}")
      return (.empty, fields)
    }
    let kind = name(token)
    try advance()
    try expect("(")
    var fields: [IRMetadataField] = []
    while !at(")") {
      if token.kind == .word {
        let word = name(token)
        try advance()
        if try take(":") {
          fields.append(IRMetadataField(word, try fieldValue()))
        } else {
          fields.append(IRMetadataField(.empty, .word(word)))
        }
      } else {
        fields.append(IRMetadataField(.empty, try metadataValue()))
      }
      guard try take(",") else { break }
    }
    try expect(")")
    return (kind, fields)
  }

  /// The value of a named field: flags are words with bars between them.
  private mutating func fieldValue() throws(IRError) -> IRMetadataValue {
    guard token.kind == .word, !at(word: "null"), !atType else { return try metadataValue() }
    let first = token.first
    var end = token.end
    try advance()
    while try take("|") {
      guard token.kind == .word else { throw failure("a flag") }
      end = token.end
      try advance()
    }
    return .word(raw(first, end))
  }

  /// A node, a string, a number, a word, or a constant with its type.
  mutating func metadataValue() throws(IRError) -> IRMetadataValue {
    switch token.kind {
    case .node: return .node(try number32())
    case .string:
      return .string(try takeName(.string, "a string"))
    case .number:
      let result: IRMetadataValue = integer(token).map { .integer($0) } ?? .word(raw(token.first, token.end))
      try advance()
      return result
    case .bang:
      let bang = token
      try advance()
      if token.kind == .string { return .string(try takeName(.string, "a string")) }
      lexer.position = bang.first
      token = bang
      lexer.position = bang.end
      let (kind, fields) = try nodeBody()
      return .inline(module.metadata.addInline(kind, fields))
    case .metadataName:
      let (kind, fields) = try nodeBody()
      return .inline(module.metadata.addInline(kind, fields))
    case .word:
      if try take(word: "null") { return .null }
      if atType {
        let operand = try operand()
        return .value(operand.type, operand.value)
      }
      let word = name(token)
      try advance()
      return .word(word)
    default:
      if atType {
        let operand = try operand()
        return .value(operand.type, operand.value)
      }
      throw failure("metadata")
    }
  }
}
