extension LoweringUnit {
  /// Leaves of the metadata what the module uses, with one compile unit, the Swift one.
  mutating func finish() {
    keepDeclarations()
    keepAttributeGroups()
    if let compileUnit {
      for field in [IRName.enums, .retainedTypes, .imports, .macros, .globals] { module.metadata.remove(compileUnit, field) }
      let live = Set(module.globals.compactMap(\.debug).map { UInt32($0) })
      let globals = debugVariables.filter { live.contains($0) }
      if !globals.isEmpty {
        let list = module.metadata.addTuple(globals.map { .node($0) })
        module.metadata.set(compileUnit, .globals, .node(list))
      }
    }
    module.namedMetadata = module.namedMetadata.compactMap { name, nodes in
      if name == .llvm_dbg_cu { return compileUnit.map { (name, [.node($0)]) } }
      guard name == .llvm_module_flags else { return nil }
      let kept = nodes.filter { value in
        guard case .node(let node) = value else { return false }
        return module.metadata.fields(node).contains { field in
          guard case .string(let text) = field.value else { return false }
          return module.names[text] == "Debug Info Version" || module.names[text] == "Dwarf Version"
        }
      }
      return (name, kept)
    }
    pruneMetadata()
  }

  /// Takes away declarations that nothing calls any more.
  private mutating func keepDeclarations() {
    var used = Array(repeating: false, count: module.names.count)
    for function in module.functions {
      for block in function.blocks {
        for instruction in block.instructions { module.forEachGlobal(in: instruction) { used[Int($0.index)] = true } }
      }
    }
    for global in module.globals {
      if let initializer = global.initializer { module.forEachGlobal(in: initializer) { used[Int($0.index)] = true } }
    }
    module.functions.removeAll { !$0.isDefinition && !used[Int($0.name.index)] }
  }

  private mutating func keepAttributeGroups() {
    var used: Set<IRName> = []
    for function in module.functions {
      used.formUnion(module.lists[function.attributes])
      for block in function.blocks {
        for instruction in block.instructions where instruction.opcode == .call { used.formUnion(module.lists[instruction.trailing]) }
      }
    }
    let names = Set(used.map { module.names[$0] })
    module.attributeGroups.removeAll { !names.contains("#\($0.number)") }
  }

  private mutating func pruneMetadata() {
    var marked = Array(repeating: false, count: module.metadata.nodes.count)
    var pending: [UInt32] = []
    func reach(_ value: IRMetadataValue) {
      switch value {
      case .node(let node):
        if Int(node) < marked.count, !marked[Int(node)] {
          marked[Int(node)] = true
          pending.append(node)
        }
      case .inline(let index):
        for field in module.metadata.fields(module.metadata.inline[Int(index)]) { reach(field.value) }
      default: break
      }
    }
    for (_, nodes) in module.namedMetadata { nodes.forEach(reach) }
    for global in module.globals { for attachment in global.attachments { reach(attachment.node) } }
    for function in module.functions {
      for attachment in function.attachments { reach(attachment.node) }
      for block in function.blocks {
        for instruction in block.instructions {
          if instruction.location >= 0 { reach(.node(UInt32(instruction.location))) }
          for attachment in instruction.attachments { reach(attachment.node) }
          for operand in instruction.operands {
            if case .metadata(let index) = operand.value { reach(module.metadataOperands[Int(index)]) }
          }
          if instruction.verbatim >= 0 {
            for token in module.verbatim[Int(instruction.verbatim)] { if case .node(let node) = token { reach(.node(node)) } }
          }
        }
      }
    }
    while let node = pending.popLast() {
      for field in module.metadata.fields(node) { reach(field.value) }
    }
    module.metadata.keep(marked)
  }
}
