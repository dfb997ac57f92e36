extension LoweringUnit {
  /// Gives symbols their names: programs, maps and variables those of the source, functions inside the object a readable and unique one.
  mutating func nameSymbols() {
    var table: [IRName: IRName] = [:]
    var taken: Set<String> = []
    for function in module.functions where !function.isDefinition { taken.insert(module.names[function.name]) }
    for (symbol, name) in renamed where global(symbol) != nil {
      taken.insert(name)
      table[symbol] = self.name(name)
    }
    for program in programs {
      var name = program.name
      if taken.contains(name) { name += "_\(Self.identifier(String(program.section.prefix { $0 != "/" && $0 != "." })))" }
      name = unique(name, &taken)
      table[module.functions[program.function].name] = self.name(name)
    }
    for (index, function) in module.functions.enumerated() where function.isDefinition && programOfFunction[index] == nil {
      let base = sourceName(ofFunction: index) ?? ""
      let shown = base.isEmpty || base.hasPrefix("$") ? (callbacks.contains(index) ? module.names[function.name] : "function") : base
      table[function.name] = name(unique(Self.identifier(shown), &taken))
    }
    rename(table, definitions: true)
    index()
  }

  private func unique(_ name: String, _ taken: inout Set<String>) -> String {
    if taken.insert(name).inserted { return name }
    var number = 2
    while !taken.insert("\(name)_\(number)").inserted { number += 1 }
    return "\(name)_\(number)"
  }

  /// Replaces global names, everywhere or only where they are used.
  mutating func rename(_ table: [IRName: IRName], definitions: Bool) {
    if table.isEmpty { return }
    func new(_ value: IRValue) -> IRValue {
      if case .global(let name) = value, let other = table[name] { return .global(other) }
      return value
    }
    for index in module.constants.indices {
      for operand in module.constants[index].operands.indices {
        module.constants[index].operands[operand].value = new(module.constants[index].operands[operand].value)
      }
    }
    for index in module.metadataOperands.indices {
      if case .value(let type, let value) = module.metadataOperands[index] { module.metadataOperands[index] = .value(type, new(value)) }
    }
    for index in module.verbatim.indices {
      for token in module.verbatim[index].indices {
        if case .global(let name) = module.verbatim[index][token], let other = table[name] {
          module.verbatim[index][token] = .global(other)
        }
      }
    }
    for index in module.globals.indices {
      if definitions, let other = table[module.globals[index].name] { module.globals[index].name = other }
      module.globals[index].initializer = module.globals[index].initializer.map(new)
    }
    for index in module.functions.indices {
      if definitions, let other = table[module.functions[index].name] { module.functions[index].name = other }
      for block in module.functions[index].blocks.indices {
        for position in module.functions[index].blocks[block].instructions.indices {
          let instruction = module.functions[index].blocks[block].instructions[position]
          if case .global = instruction.callee {
            module.functions[index].blocks[block].instructions[position].callee = new(instruction.callee)
          }
          for operand in instruction.operands.indices {
            if case .global = instruction.operands[operand].value {
              module.functions[index].blocks[block].instructions[position].operands[operand].value = new(
                instruction.operands[operand].value)
            }
          }
        }
      }
    }
  }
}
