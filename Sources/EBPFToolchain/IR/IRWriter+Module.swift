extension IRWriter {
  mutating func writeModule() {
    for line in module.header {
      put(line)
      put("\n")
    }
    for type in module.types.definitions {
      put(type)
      put(" = type ")
      put(module.types.body(type) ?? .opaque)
      put("\n")
    }
    for global in module.globals { put(global) }
    for alias in module.aliases {
      put(alias)
      put("\n")
    }
    for function in module.functions { put(function) }
    for group in module.attributeGroups {
      put("attributes #")
      put(group.number)
      put(" = { ")
      for attribute in group.attributes {
        put(attribute)
        put(" ")
      }
      put("}\n")
    }
    for (name, nodes) in module.namedMetadata {
      put("!")
      put(name)
      put(" = !{")
      for (index, node) in nodes.enumerated() {
        if index > 0 { put(", ") }
        put(node, inTuple: true)
      }
      put("}\n")
    }
    for (number, node) in module.metadata.nodes.enumerated() where node.isDefined {
      put("!")
      put(number)
      put(node.isDistinct ? " = distinct " : " = ")
      put(node)
      put("\n")
    }
  }

  private mutating func put(_ global: IRGlobal) {
    put(sigil: 0x40, global.name)
    put(" = ")
    put(words: global.prefix)
    put(global.isConstant ? "constant " : "global ")
    put(global.type)
    if let initializer = global.initializer {
      put(" ")
      put(initializer, of: global.type)
    }
    if !global.section.isEmpty {
      put(", section \"")
      put(global.section)
      put("\"")
    }
    for piece in global.rest {
      if case .word(let word)? = piece.first, module.names.withBytes(word, { $0.first }) == 0x23 { continue }
      put(", ")
      put(piece)
    }
    if global.alignment != 0 {
      put(", align ")
      put(global.alignment)
    }
    for attachment in global.attachments {
      put(", ")
      put(attachment)
    }
    for piece in global.rest {
      guard case .word(let word)? = piece.first, module.names.withBytes(word, { $0.first }) == 0x23 else { continue }
      put(" ")
      put(piece)
    }
    put("\n")
  }

  private mutating func put(_ attachment: IRAttachment) {
    put("!")
    put(attachment.kind)
    put(" ")
    put(attachment.node, inTuple: true)
  }

  // MARK: Metadata

  mutating func put(_ value: IRMetadataValue, inTuple: Bool) {
    switch value {
    case .null: put("null")
    case .node(let number):
      put("!")
      put(number)
    case .inline(let index): put(module.metadata.inline[Int(index)])
    case .string(let name):
      put(inTuple ? "!\"" : "\"")
      put(name)
      put("\"")
    case .integer(let number): put(number)
    case .word(let name): put(name)
    case .value(let type, let value): put(IROperand(type, value))
    }
  }

  private mutating func put(_ node: IRNode) {
    put("!")
    let isTuple = node.kind.isEmpty
    if isTuple {
      put("{")
    } else {
      put(node.kind)
      put("(")
    }
    var isFirst = true
    for field in module.metadata.fields(node) {
      if !isFirst { put(", ") }
      isFirst = false
      if !field.name.isEmpty {
        put(field.name)
        put(": ")
      }
      put(field.value, inTuple: isTuple)
    }
    put(isTuple ? "}" : ")")
  }

  // MARK: Functions

  private mutating func put(_ function: IRFunction) {
    put(function.isDefinition ? "\ndefine " : "\ndeclare ")
    if !function.isDefinition {
      for attachment in function.attachments {
        put(attachment)
        put(" ")
      }
    }
    put(words: function.prefix)
    put(function.result)
    put(" ")
    put(sigil: 0x40, function.name)
    put("(")
    for (index, parameter) in function.parameters.enumerated() {
      if index > 0 { put(", ") }
      put(parameter.type)
      if !parameter.attributes.isEmpty {
        for word in module.lists[parameter.attributes] {
          put(" ")
          put(word)
        }
      }
      if !parameter.name.isEmpty {
        put(" ")
        put(sigil: 0x25, parameter.name)
      }
    }
    if function.isVariadic { put(function.parameters.isEmpty ? "..." : ", ...") }
    put(")")
    for word in module.lists[function.attributes] {
      put(" ")
      put(word)
    }
    if !function.section.isEmpty {
      put(" section \"")
      put(function.section)
      put("\"")
    }
    if !function.rest.isEmpty {
      put(" ")
      put(function.rest)
    }
    if function.alignment != 0 {
      put(" align ")
      put(function.alignment)
    }
    guard function.isDefinition else {
      put("\n")
      return
    }
    for attachment in function.attachments {
      put(" ")
      put(attachment)
    }
    put(" {\n")
    for (index, block) in function.blocks.enumerated() {
      if !block.label.isEmpty {
        if index > 0 { put("\n") }
        identifier(block.label)
        put(":\n")
      }
      for instruction in block.instructions { put(instruction) }
    }
    put("}\n")
  }

  // MARK: Instructions

  private mutating func put(_ instruction: IRInstruction) {
    put("  ")
    if !instruction.result.isEmpty {
      put(sigil: 0x25, instruction.result)
      put(" = ")
    }
    if instruction.opcode == .verbatim {
      if instruction.verbatim >= 0 { put(module.verbatim[Int(instruction.verbatim)]) }
    } else {
      if !instruction.tail.isEmpty {
        put(instruction.tail)
        put(" ")
      }
      put(IRName(index: UInt32(instruction.opcode.rawValue)))
      putBody(instruction)
      if instruction.alignment != 0 {
        put(", align ")
        put(instruction.alignment)
      }
    }
    if instruction.location >= 0 {
      put(", !dbg !")
      put(instruction.location)
    }
    for attachment in instruction.attachments {
      put(", ")
      put(attachment)
    }
    put("\n")
  }

  private mutating func putBody(_ instruction: IRInstruction) {
    let operands = instruction.operands
    switch instruction.opcode {
    case .unreachable, .verbatim: return
    case .ret:
      put(" ")
      if operands.isEmpty { put("void") } else { put(operands[0]) }
      return
    case .fence:
      for word in module.lists[instruction.trailing] {
        put(" ")
        put(word)
      }
      return
    default: put(" ")
    }
    put(words: instruction.modifiers)
    switch instruction.opcode {
    case .call:
      put(instruction.type)
      put(" ")
      put(instruction.callee, of: .pointer)
      put("(")
      put(operands)
      put(")")
    case .switch:
      put(operands[0])
      put(", ")
      put(operands[1])
      put(" [\n")
      for index in stride(from: 2, to: operands.count - 1, by: 2) {
        put("    ")
        put(operands[index])
        put(", ")
        put(operands[index + 1])
        put("\n")
      }
      put("  ]")
    case .phi:
      put(instruction.type)
      for index in stride(from: 0, to: operands.count - 1, by: 2) {
        put(index == 0 ? " [ " : ", [ ")
        put(operands[index].value, of: instruction.type)
        put(", ")
        put(operands[index + 1].value, of: .label)
        put(" ]")
      }
    case .alloca, .getelementptr, .load:
      put(instruction.type)
      if !operands.isEmpty {
        put(", ")
        put(operands)
      }
    case .trunc, .zext, .sext, .fptrunc, .fpext, .fptoui, .fptosi, .uitofp, .sitofp, .ptrtoint, .inttoptr, .bitcast, .addrspacecast:
      put(operands[0])
      put(" to ")
      put(instruction.type)
    case .extractvalue, .insertvalue:
      let values = instruction.opcode == .extractvalue ? 1 : 2
      for (index, operand) in operands.enumerated() {
        if index > 0 { put(", ") }
        if index < values { put(operand) } else { put(operand.value, of: .i32) }
      }
    case .br, .store, .cmpxchg, .atomicrmw, .select, .extractelement, .insertelement, .shufflevector, .freeze, .fneg: put(operands)
    default:
      put(instruction.type)
      put(" ")
      put(operands[0].value, of: instruction.type)
      put(", ")
      put(operands[1].value, of: instruction.type)
    }
    if !instruction.trailing.isEmpty {
      for word in module.lists[instruction.trailing] {
        put(" ")
        put(word)
      }
    }
  }
}
