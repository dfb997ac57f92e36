extension LoweringUnit {
  /// Takes away what means nothing on BPF or what its back end refuses: calling conventions, extensions of arguments, Swift's own argument kinds,
  /// the target's features, comdats.
  mutating func cleanSignatures() {
    for index in module.functions.indices {
      var function = module.functions[index]
      function.prefix = module.filter(function.prefix) { Self.isKept($0) }
      for parameter in function.parameters.indices {
        function.parameters[parameter].attributes = module.filter(function.parameters[parameter].attributes) { Self.isKept($0) }
      }
      function.rest = []
      for block in function.blocks.indices {
        for position in function.blocks[block].instructions.indices where function.blocks[block].instructions[position].opcode == .call {
          var call = function.blocks[block].instructions[position]
          call.modifiers = module.filter(call.modifiers) { Self.isKept($0) }
          for operand in call.operands.indices where !call.operands[operand].attributes.isEmpty {
            call.operands[operand].attributes = module.filter(call.operands[operand].attributes) { Self.isKept($0) }
          }
          if call.tail == .musttail { call.tail = .empty }
          function.blocks[block].instructions[position] = call
        }
      }
      module.functions[index] = function
    }
    for index in module.globals.indices { module.globals[index].rest = [] }
    for index in module.attributeGroups.indices { cleanGroup(index) }
    module.aliases = []
    module.header = []
  }

  private static func isKept(_ word: IRName) -> Bool {
    switch word {
    case .signext, .zeroext, .swiftself, .swiftasync, .swifterror, .swiftcc, .swifttailcc, .tailcc, .fastcc, .coldcc, .hidden, .protected,
      .dso_local, .inreg:
      false
    default: true
    }
  }

  private mutating func cleanGroup(_ index: Int) {
    var kept: [IRName] = []
    for attribute in module.attributeGroups[index].attributes {
      let names = module.names
      // "key"="value": what a target means by it.
      if names.hasPrefix(attribute, "\"") { continue }
      if names.hasPrefix(attribute, "uwtable") || names.hasPrefix(attribute, "ssp") || names.hasPrefix(attribute, "sanitize") { continue }
      if names.hasPrefix(attribute, "optsize") || names.hasPrefix(attribute, "minsize") { continue }
      kept.append(attribute)
    }
    // An empty group is no group: the text cannot say it.
    if kept.isEmpty { kept = [.nounwind] }
    module.attributeGroups[index].attributes = kept
  }
}
