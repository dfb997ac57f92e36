extension LoweringUnit {
  /// Gives each program the result that the kernel reads: 32 bits in r0. Nothing becomes 0; a Bool, a small number or an enum is widened.
  mutating func lowerResults() {
    for program in programs {
      let index = program.function
      let result = module.functions[index].result
      guard result == .void || [1, 8, 16].contains(module.types.bits(result) ?? 0) else { continue }
      module.functions[index].result = .i32
      module.functions[index].prefix = module.filter(module.functions[index].prefix) { !$0.isParameterAttribute }
      for block in module.functions[index].blocks.indices {
        guard var last = module.functions[index].blocks[block].instructions.last, last.opcode == .ret else { continue }
        if let operand = last.operands.first {
          let wide = freshName("result")
          var widen = IRInstruction(.zext, result: wide, type: .i32, operands: [operand], location: last.location)
          widen.attachments = []
          let end = module.functions[index].blocks[block].instructions.count - 1
          module.functions[index].blocks[block].instructions.insert(widen, at: end)
          last.operands = [IROperand(.i32, .local(wide))]
        } else {
          last.operands = [IROperand(.i32, .integer(0))]
        }
        module.functions[index].blocks[block].instructions[module.functions[index].blocks[block].instructions.count - 1] = last
      }
    }
  }

  /// A program that other code calls, too, is two functions: what the kernel runs, and what the others call.
  mutating func splitCalledPrograms() {
    var copies: [IRName: IRName] = [:]
    for program in programs { copies[module.functions[program.function].name] = .empty }
    var isCalled: Set<IRName> = []
    for function in module.functions {
      for block in function.blocks {
        for instruction in block.instructions {
          module.forEachGlobal(in: instruction) { if copies[$0] != nil { isCalled.insert($0) } }
        }
      }
    }
    if isCalled.isEmpty { return }
    for program in programs {
      let function = module.functions[program.function]
      guard isCalled.contains(function.name) else { continue }
      var copy = function
      copy.name = name("\(module.names[function.name]).called")
      copy.section = .empty
      copies[function.name] = copy.name
      _ = add(copy)
    }
    rename(copies.filter { !$0.value.isEmpty }, definitions: false)
  }
}
