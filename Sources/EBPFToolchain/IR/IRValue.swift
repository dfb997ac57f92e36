/// A value: a name of the function or the module, or a constant. Compound constants stand in the module's table.
package enum IRValue: Hashable, Sendable {
  /// `%name`: an argument, a result or, for a label, a block.
  case local(IRName)
  /// `@name`.
  case global(IRName)
  /// An integer that fits 64 bits; `true` and `false` are 1 and 0 of type `i1`.
  case integer(Int64)
  /// A literal as it is spelled: wide integers, floating-point numbers, `c"…"`.
  case literal(IRName)
  case null, undefined, poison, zero
  /// `none`, of type token.
  case none
  /// An aggregate, a constant expression or an inline assembly: its index in the module's table.
  case constant(UInt32)
  /// A metadata operand: its index in the module's table of those.
  case metadata(UInt32)

  package var local: IRName? {
    if case .local(let name) = self { return name }
    return nil
  }

  package var global: IRName? {
    if case .global(let name) = self { return name }
    return nil
  }
}

/// A value with its type and, for arguments, what is promised of it.
package struct IROperand: Hashable, Sendable {
  package var type: IRTypeID
  package var value: IRValue
  package var attributes: IRList

  package init(_ type: IRTypeID, _ value: IRValue, attributes: IRList = .empty) {
    self.type = type
    self.value = value
    self.attributes = attributes
  }
}

/// A compound constant.
package struct IRConstant: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    case structure, packedStructure, array, vector
    /// `opcode words (operands)`: the source type is in `type`.
    case getelementptr
    /// `opcode words (operand to type)`.
    case cast
    /// `opcode words (operands)`: arithmetic, `splat`.
    case operation
    /// `opcode @name`, such as `dso_local_equivalent @f`.
    case prefixed
    /// `asm words "…", "…"`.
    case assembly
    /// `blockaddress(@function, %block)`.
    case blockAddress
  }
  package var kind: Kind
  /// The keyword: `ptrtoint`, `add`, `splat`, `asm`.
  package var opcode: IRName
  /// The words between keyword and parenthesis (`inbounds nuw`), or an assembly's words and its two strings.
  package var words: IRList
  package var type: IRTypeID
  package var operands: [IROperand]

  package init(_ kind: Kind, opcode: IRName = .empty, words: IRList = .empty, type: IRTypeID = .void, operands: [IROperand] = []) {
    self.kind = kind
    self.opcode = opcode
    self.words = words
    self.type = type
    self.operands = operands
  }
}

/// A piece of a text that is kept as it stands.
package enum IRToken: Hashable, Sendable {
  /// A word, a number, a string with its quotes, or punctuation.
  case word(IRName)
  case local(IRName)
  case global(IRName)
  /// `!7`.
  case node(UInt32)
}
