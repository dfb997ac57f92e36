import EBPFTables

extension LoweringUnit {
  /// Hides from the verifier that a variable begins with a constant where a loop has no bound that it knows: with may_goto, an open-coded iterator
  /// or a helper that calls back.
  ///
  /// The verifier ends such a loop when a turn tells it nothing new, and forgets numbers for that which nothing depended on. But `sum += 1` has a
  /// check: as long as `sum` is known, so is the check's outcome, which counts as depending on it, and the verifier counts along until it gives
  /// up. Of a number that it does not know from the start there is nothing to follow. The same in loops that count to an end, for variables that
  /// change in some turns only: each would double the paths. In C one writes `i = zero` for a volatile `zero`; here the
  /// frame pointer less itself is added: 0 to the processor, any number to the verifier.
  mutating func hideLoopConstants() {
    guard options.traps != .unchecked else { return }
    for index in trappingFunctions().sorted() {
      hidePhis(index)
      hideCaptured(index)
    }
  }

  /// Variables of loops in the function itself.
  private mutating func hidePhis(_ index: Int) {
    let function = module.functions[index]
    guard function.blocks.count > 2 else { return }
    let open = function.blocks.indices.filter { isOpenStep(function.blocks[$0]) }
    var number: [IRName: Int] = [:]
    for (position, block) in function.blocks.enumerated() { number[block.label] = position }
    let graph = BlockGraph(function, module)
    var bodies: [Int: Set<Int>] = [:]
    for (latch, header) in graph.backEdges() { bodies[header, default: []].formUnion(graph.loop(from: latch, to: header)) }
    guard !bodies.isEmpty else { return }
    let values = LoopValues(function)
    /// What stands at the end of a block, in front of its jump.
    var added: [Int: [IRInstruction]] = [:]
    for (header, body) in bodies.sorted(by: { $0.key < $1.key }) {
      let isOpen = open.contains { body.contains($0) }
      if !isOpen, !values.counts(function, graph, header, body) { continue }
      for position in module.functions[index].blocks[header].instructions.indices {
        let phi = module.functions[index].blocks[header].instructions[position]
        guard phi.opcode == .phi else { break }
        guard let bits = module.types.bits(phi.type), bits >= 8, bits <= 64 else { continue }
        if !isOpen, !values.changesSometimes(phi, header, body) { continue }
        for operand in stride(from: 0, to: phi.operands.count - 1, by: 2) {
          guard case .integer(let constant) = phi.operands[operand].value, let label = phi.operands[operand + 1].value.local,
            let block = number[label], !body.contains(block)
          else { continue }
          var out = added[block] ?? []
          let hidden = hidden(constant, phi.type, phi.location, &out)
          added[block] = out
          module.functions[index].blocks[header].instructions[position].operands[operand].value = hidden
        }
      }
    }
    for (block, instructions) in added {
      module.functions[index].blocks[block].instructions.insert(
        contentsOf: instructions, at: module.functions[index].blocks[block].instructions.count - 1)
    }
  }

  /// Variables that closures change which a helper calls: their addresses are stored in what the closure is given.
  private mutating func hideCaptured(_ index: Int) {
    let function = module.functions[index]
    guard function.blocks.contains(where: { $0.instructions.contains { isCallingBack($0) } }) else { return }
    var variables: Set<IRName> = []
    /// By the name of an address: the variable that it is in.
    var places: [IRName: IRName] = [:]
    var captured: Set<IRName> = []
    for block in function.blocks {
      for instruction in block.instructions {
        switch instruction.opcode {
        case .alloca: variables.insert(instruction.result)
        case .getelementptr:
          // With constant indices only: no element of an array.
          guard let base = instruction.operands[0].value.local, let variable = variables.contains(base) ? base : places[base],
            instruction.operands.dropFirst().allSatisfy({ $0.value.local == nil })
          else { continue }
          places[instruction.result] = variable
        case .store:
          if let name = instruction.operands[0].value.local, variables.contains(name) { captured.insert(name) }
        default: break
        }
      }
    }
    guard !captured.isEmpty else { return }
    for block in function.blocks.indices {
      var result: [IRInstruction] = []
      for instruction in function.blocks[block].instructions {
        var instruction = instruction
        if instruction.opcode == .store, case .integer(let constant) = instruction.operands[0].value,
          let bits = module.types.bits(instruction.operands[0].type), bits >= 8, bits <= 64,
          let place = instruction.operands[1].value.local, captured.contains(places[place] ?? place)
        {
          instruction.operands[0].value = hidden(constant, instruction.operands[0].type, instruction.location, &result)
        }
        result.append(instruction)
      }
      module.functions[index].blocks[block].instructions = result
    }
  }

  /// A constant that only the processor knows.
  private mutating func hidden(_ constant: Int64, _ type: IRTypeID, _ location: Int32, _ out: inout [IRInstruction]) -> IRValue {
    var zero = IRInstruction(.call, result: freshName("zero"), type: .i64, location: location)
    zero.callee = module.add(
      IRConstant(.assembly, opcode: .asm, words: words([name(#""$0 = r10\0A\09$0 -= r10""#), name(#""=r""#)])))
    out.append(zero)
    var value = IRValue.local(zero.result)
    if type != .i64 {
      let narrow = freshName("zero")
      out.append(IRInstruction(.trunc, result: narrow, type: type, operands: [IROperand(.i64, value)], location: location))
      value = .local(narrow)
    }
    if constant == 0 { return value }
    let sum = freshName("hidden")
    out.append(
      IRInstruction(
        .add, result: sum, type: type, operands: [IROperand(type, value), IROperand(type, .integer(constant))], location: location))
    return .local(sum)
  }

  /// Whether a block decides with may_goto or an iterator whether its loop goes on.
  private func isOpenStep(_ block: IRBlock) -> Bool {
    block.instructions.contains { instruction in
      if instruction.verbatim >= 0 {
        return module.verbatim[Int(instruction.verbatim)].contains { token in
          if case .word(let text) = token { module.names.hasPrefix(text, "\"may_goto") } else { false }
        }
      }
      guard let symbol = instruction.calledSymbol else { return false }
      return module.names.hasPrefix(symbol, "bpf_iter_") && module.names.hasSuffix(symbol, "_next")
    }
  }

  /// Whether it is a call of `bpf_loop`, `bpf_for_each_map_elem` or `bpf_user_ringbuf_drain`.
  private func isCallingBack(_ instruction: IRInstruction) -> Bool {
    switch helper(calledBy: instruction) {
    case .loop, .forEachMapElem, .userRingbufDrain: true
    default: false
    }
  }
}

/// Where the values of a function's loops come from and go.
private struct LoopValues {
  private var definitions: [IRName: (block: Int, instruction: IRInstruction)] = [:]
  /// What comparisons look at.
  private var compared: Set<IRName> = []

  init(_ function: IRFunction) {
    for (index, block) in function.blocks.enumerated() {
      for instruction in block.instructions {
        if !instruction.result.isEmpty { definitions[instruction.result] = (index, instruction) }
        guard instruction.opcode == .icmp else { continue }
        for operand in instruction.operands { if let name = operand.value.local { compared.insert(source(name)) } }
      }
    }
  }

  /// The name behind those that only hand it on.
  private func source(_ name: IRName) -> IRName {
    var name = name
    for _ in 0..<16 {
      guard let definition = definitions[name]?.instruction else { return name }
      switch definition.opcode {
      case .phi where definition.operands.count == 2:
        guard let next = definition.operands[0].value.local else { return name }
        name = next
      case .extractvalue where definition.operands.last?.value == .integer(0):
        // The sum of a checked addition: `{ sum, failed }`.
        guard let pair = definition.operands[0].value.local, let sum = sum(ofPair: pair) else { return name }
        name = sum
      default: return name
      }
    }
    return name
  }

  private func sum(ofPair name: IRName) -> IRName? {
    var name: IRName? = name
    for _ in 0..<4 {
      guard let current = name, let definition = definitions[current]?.instruction, definition.opcode == .insertvalue else { return nil }
      if definition.operands.last?.value == .integer(0) { return definition.operands[1].value.local }
      name = definition.operands[0].value.local
    }
    return nil
  }

  /// What a variable of a loop becomes in one turn, by the ways back to the header.
  private func next(_ phi: IRInstruction, _ body: Set<Int>, _ blocks: [IRName: Int]) -> Set<IRName> {
    var result: Set<IRName> = []
    for operand in stride(from: 0, to: phi.operands.count - 1, by: 2) {
      guard let label = phi.operands[operand + 1].value.local, let block = blocks[label], body.contains(block),
        let name = phi.operands[operand].value.local
      else { continue }
      result.insert(source(name))
    }
    return result
  }

  private func blocks(_ function: IRFunction) -> [IRName: Int] {
    var result: [IRName: Int] = [:]
    for (index, block) in function.blocks.enumerated() { result[block.label] = index }
    return result
  }

  /// Whether a loop has a variable that changes by a constant in each turn, and that the loop's end is compared with.
  func counts(_ function: IRFunction, _ graph: BlockGraph, _ header: Int, _ body: Set<Int>) -> Bool {
    let blocks = blocks(function)
    var counters: Set<IRName> = []
    for phi in function.blocks[header].instructions {
      guard phi.opcode == .phi else { break }
      let next = next(phi, body, blocks)
      guard next.count == 1, let name = next.first, let step = definitions[name]?.instruction, step.opcode == .add || step.opcode == .sub,
        step.operands[0].value.local.map({ source($0) }) == phi.result, case .integer = step.operands[1].value
      else { continue }
      counters.insert(phi.result)
      counters.insert(name)
    }
    guard !counters.isEmpty else { return false }
    for block in body where graph.successors[block].contains(where: { !body.contains($0) }) {
      guard let jump = function.blocks[block].instructions.last, jump.opcode == .br, jump.operands.count == 3,
        var condition = jump.operands[0].value.local
      else { continue }
      if let call = definitions[condition]?.instruction, call.opcode == .call, let inner = call.operands.first?.value.local {
        // llvm.expect
        condition = inner
      }
      guard let comparison = definitions[condition]?.instruction, comparison.opcode == .icmp else { continue }
      if comparison.operands.contains(where: { $0.value.local.map { counters.contains(source($0)) } == true }) { return true }
    }
    return false
  }

  /// Whether a variable of a loop keeps its value in some turns, or changes in several ways, and is compared with something.
  func changesSometimes(_ phi: IRInstruction, _ header: Int, _ body: Set<Int>) -> Bool {
    var seen: Set<IRName> = []
    var isBranching = false
    var pending: [IRName] = []
    var ways: Set<IRName> = []
    for operand in stride(from: 0, to: phi.operands.count - 1, by: 2) {
      if let name = phi.operands[operand].value.local { ways.insert(source(name)) }
    }
    if ways.count > 1 { isBranching = true }
    pending += ways
    var isCompared = compared.contains(phi.result)
    while let name = pending.popLast() {
      guard seen.insert(name).inserted, seen.count < 64, let (block, definition) = definitions[name], body.contains(block) else { continue }
      if compared.contains(name) { isCompared = true }
      switch definition.opcode {
      case .phi:
        if block == header { continue }
        isBranching = true
        for operand in stride(from: 0, to: definition.operands.count - 1, by: 2) {
          if let next = definition.operands[operand].value.local { pending.append(source(next)) }
        }
      case .select:
        isBranching = true
        for operand in definition.operands.dropFirst() { if let next = operand.value.local { pending.append(source(next)) } }
      default: break
      }
    }
    return isBranching && isCompared
  }
}
