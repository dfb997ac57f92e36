/// A run of instructions that is entered at its top only.
package struct IRBlock: Hashable, Sendable {
  /// The label; empty where the text has none (the entry of some functions).
  package var label: IRName
  package var instructions: [IRInstruction]

  package init(label: IRName, instructions: [IRInstruction] = []) {
    self.label = label
    self.instructions = instructions
  }
}

/// A parameter of a function.
package struct IRParameter: Hashable, Sendable {
  package var type: IRTypeID
  package var attributes: IRList
  /// Empty in declarations.
  package var name: IRName

  package init(type: IRTypeID, attributes: IRList = .empty, name: IRName = .empty) {
    self.type = type
    self.attributes = attributes
    self.name = name
  }
}

/// A function, defined or declared.
package struct IRFunction: Hashable, Sendable {
  package var name: IRName
  package var isDefinition: Bool
  /// Linkage, visibility, `dso_local`, calling convention, and what is promised of the result, in the text's order.
  package var prefix: IRList = .empty
  package var result: IRTypeID
  package var parameters: [IRParameter] = []
  package var isVariadic = false
  /// `unnamed_addr` and the attributes, each a name (`#3`, `alwaysinline`).
  package var attributes: IRList = .empty
  /// The section, between its quotes; empty for none.
  package var section: IRName = .empty
  package var alignment: UInt32 = 0
  /// `comdat` or `comdat($name)`, `gc "…"`, `personality …`: as it stands.
  package var rest: [IRToken] = []
  package var attachments: [IRAttachment] = []
  package var blocks: [IRBlock] = []

  package init(name: IRName, isDefinition: Bool, result: IRTypeID) {
    self.name = name
    self.isDefinition = isDefinition
    self.result = result
  }

  /// The number of the subprogram's node.
  package var subprogram: Int32? {
    get {
      for attachment in attachments where attachment.kind == .dbg {
        if case .node(let node) = attachment.node { return Int32(node) }
      }
      return nil
    }
    set {
      attachments.removeAll { $0.kind == .dbg }
      if let newValue { attachments.append(IRAttachment(kind: .dbg, node: .node(UInt32(newValue)))) }
    }
  }
}

/// A global variable or constant.
package struct IRGlobal: Hashable, Sendable {
  package var name: IRName
  /// Linkage, visibility and the like, in the text's order.
  package var prefix: IRList = .empty
  package var isConstant: Bool
  package var type: IRTypeID
  /// Nothing for what another object defines.
  package var initializer: IRValue?
  package var section: IRName = .empty
  package var alignment: UInt32 = 0
  /// `comdat`, `no_sanitize_address` and the like, as they stand; a comma stands in front of each piece.
  package var rest: [[IRToken]] = []
  package var attachments: [IRAttachment] = []

  package init(name: IRName, isConstant: Bool, type: IRTypeID, initializer: IRValue?) {
    self.name = name
    self.isConstant = isConstant
    self.type = type
    self.initializer = initializer
  }

  /// The number of the DIGlobalVariableExpression's node.
  package var debug: Int32? {
    for attachment in attachments where attachment.kind == .dbg {
      if case .node(let node) = attachment.node { return Int32(node) }
    }
    return nil
  }
}
