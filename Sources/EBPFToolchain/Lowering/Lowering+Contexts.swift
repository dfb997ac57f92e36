import EBPFTables

extension LoweringUnit {
  /// A pointer to what a program of a section's kind is called with: a struct of the kernel's name and size, or an array of 64-bit arguments.
  mutating func contextType(section: String) -> UInt32 {
    guard let name = SectionName(lenient: section) else { return pointerType(to: nil) }
    if let layout = ContextLayout.find(name.type, attachType: name.expectedAttachType), let structName = layout.structName {
      if let known = types.basic["struct \(structName)"] { return pointerType(to: known) }
      let node = structureType(structName, [], size: layout.structSize)
      types.basic["struct \(structName)"] = node
      return pointerType(to: node)
    }
    return pointerType(to: basicType("unsigned long long", size: 8, encoding: .DW_ATE_unsigned))
  }

  /// Lets each store to a context be one instruction: of two fields side by side the optimiser would make one wide store, which the verifier
  /// refuses.
  mutating func keepContextStores() {
    /// By function: the parameters that hold a context.
    var contexts: [Int: Set<Int>] = [:]
    var pending: [(function: Int, parameter: Int)] = []
    for program in programs where !module.functions[program.function].parameters.isEmpty {
      contexts[program.function] = [0]
      pending.append((program.function, 0))
    }
    while let (index, parameter) = pending.popLast() {
      var addresses: Set<IRName> = [module.functions[index].parameters[parameter].name]
      for block in module.functions[index].blocks.indices {
        for position in module.functions[index].blocks[block].instructions.indices {
          let instruction = module.functions[index].blocks[block].instructions[position]
          switch instruction.opcode {
          case .getelementptr, .bitcast:
            if let base = instruction.operands[0].value.local, addresses.contains(base) { addresses.insert(instruction.result) }
          case .store:
            guard let place = instruction.operands[1].value.local, addresses.contains(place) else { continue }
            let modifiers = Array(module.lists[instruction.modifiers])
            guard !modifiers.contains(.volatile) else { continue }
            module.functions[index].blocks[block].instructions[position].modifiers = words([.volatile] + modifiers)
          case .call:
            guard let callee = instruction.calledSymbol.flatMap({ function($0) }) else { continue }
            for (number, operand) in instruction.operands.enumerated() {
              guard let name = operand.value.local, name == module.functions[index].parameters[parameter].name,
                number < module.functions[callee].parameters.count, !module.functions[callee].blocks.isEmpty,
                contexts[callee, default: []].insert(number).inserted
              else { continue }
              pending.append((callee, number))
            }
          default: break
          }
        }
      }
    }
  }
}
