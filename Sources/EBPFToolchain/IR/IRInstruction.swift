/// Metadata that hangs on an instruction, a function or a global: `!tbaa !7`.
package struct IRAttachment: Hashable, Sendable {
  package var kind: IRName
  package var node: IRMetadataValue

  package init(kind: IRName, node: IRMetadataValue) {
    self.kind = kind
    self.node = node
  }
}

/// One instruction. Which fields an opcode uses is said at the fields; the order of operands is that of the text.
package struct IRInstruction: Hashable, Sendable {
  /// The local name that the result has; empty for none.
  package var result: IRName = .empty
  package var opcode: IROpcode
  /// The words between the opcode and its first type: `nuw`, `inbounds`, an icmp's predicate, an atomicrmw's operation, a call's
  /// calling convention and what it promises of its result.
  package var modifiers: IRList = .empty
  /// `tail`, `musttail` or `notail` of a call.
  package var tail: IRName = .empty
  /// What the instruction names by a type of its own: what alloca and load make, the source type of getelementptr, the result of a
  /// cast, a phi or a call (there the function's type where the text has that).
  package var type: IRTypeID = .void
  /// What a call calls.
  package var callee: IRValue = .none
  /// The operands. Labels are operands of type label; the indices of extractvalue and insertvalue are integers at the end;
  /// of a phi: value and label in turns; of a switch: value, default, then constant and label in turns.
  package var operands: [IROperand] = []
  /// The words behind the operands: an access's syncscope and ordering, a call's attributes (`#4`).
  package var trailing: IRList = .empty
  /// 0 where the text has none.
  package var alignment: UInt32 = 0
  /// The number of the node that `!dbg` names; -1 for none.
  package var location: Int32 = -1
  package var attachments: [IRAttachment] = []
  /// The index of the tokens of a `verbatim` instruction in the module's table.
  package var verbatim: Int32 = -1

  package init(_ opcode: IROpcode) { self.opcode = opcode }

  package init(
    _ opcode: IROpcode, result: IRName = .empty, modifiers: IRList = .empty, type: IRTypeID = .void, operands: [IROperand] = [],
    alignment: UInt32 = 0, location: Int32 = -1
  ) {
    self.result = result
    self.opcode = opcode
    self.modifiers = modifiers
    self.type = type
    self.operands = operands
    self.alignment = alignment
    self.location = location
  }

  /// Whether a block ends with it.
  package var isTerminator: Bool {
    switch opcode {
    case .ret, .br, .switch, .unreachable: true
    default: false
    }
  }

  /// The symbol that a call calls by name.
  package var calledSymbol: IRName? { opcode == .call ? callee.global : nil }

  package static func br(_ label: IRName, location: Int32 = -1) -> IRInstruction {
    IRInstruction(.br, operands: [IROperand(.label, .local(label))], location: location)
  }

  package static func br(_ condition: IRValue, _ yes: IRName, _ no: IRName, location: Int32 = -1) -> IRInstruction {
    IRInstruction(
      .br, operands: [IROperand(.i1, condition), IROperand(.label, .local(yes)), IROperand(.label, .local(no))], location: location)
  }

  package static func ret(_ operand: IROperand?, location: Int32 = -1) -> IRInstruction {
    IRInstruction(.ret, operands: operand.map { [$0] } ?? [], location: location)
  }
}
