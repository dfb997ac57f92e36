extension LoweringUnit {
  /// Keeps loops that end in several ways as loops. The optimiser would copy their bodies up to their greatest count, which makes programs several
  /// times as long and no faster. Loops that only count are its own business; the way out of a failed check is none.
  mutating func keepLoops() {
    for index in module.functions.indices {
      let function = module.functions[index]
      guard function.blocks.count > 2 else { continue }
      let graph = BlockGraph(function, module)
      for (latch, header) in graph.backEdges() {
        let body = graph.loop(from: latch, to: header)
        var exits: Set<[Int]> = []
        for block in body {
          for next in graph.successors[block] where !body.contains(next) && !endsInTrap(function, next) { exits.insert([block, next]) }
        }
        guard exits.count > 1 else { continue }
        let last = module.functions[index].blocks[latch].instructions.count - 1
        guard last >= 0, module.functions[index].blocks[latch].instructions[last].opcode == .br else { continue }
        let kind = name("llvm.loop")
        let known = module.functions[index].blocks[latch].instructions[last].attachments
        guard !known.contains(where: { $0.kind == kind }) else { continue }
        let word = module.metadata.addTuple([.string(name("llvm.loop.unroll.disable"))])
        // A loop's node begins with itself.
        let node = module.metadata.add(.empty, [], distinct: true)
        module.metadata.replace(
          node, kind: .empty, fields: [IRMetadataField(.empty, .node(node)), IRMetadataField(.empty, .node(word))], distinct: true)
        module.functions[index].blocks[latch].instructions[last].attachments.append(IRAttachment(kind: kind, node: .node(node)))
      }
    }
  }

  /// Whether a block only fails.
  private func endsInTrap(_ function: IRFunction, _ block: Int) -> Bool {
    function.blocks[block].instructions.contains { isTrap($0) || $0.opcode == .unreachable }
  }
}

/// The blocks of a function and where they lead.
struct BlockGraph {
  private(set) var successors: [[Int]]
  private var predecessors: [[Int]]

  init(_ function: IRFunction, _ module: IRModule) {
    var indices: [IRName: Int] = [:]
    for (index, block) in function.blocks.enumerated() { indices[block.label] = index }
    successors = function.blocks.map { block in
      guard let last = block.instructions.last else { return [] }
      var result: [Int] = []
      if last.verbatim >= 0 {
        for token in module.verbatim[Int(last.verbatim)] {
          if case .local(let name) = token, let index = indices[name] { result.append(index) }
        }
      } else {
        for operand in last.operands where operand.type == .label {
          if let name = operand.value.local, let index = indices[name] { result.append(index) }
        }
      }
      return result
    }
    predecessors = Array(repeating: [], count: function.blocks.count)
    for (block, targets) in successors.enumerated() { for target in targets { predecessors[target].append(block) } }
  }

  /// The edges that lead back to a block on the way from the entry, found depth first.
  func backEdges() -> [(latch: Int, header: Int)] {
    var state = Array(repeating: UInt8(0), count: successors.count)
    var result: [(Int, Int)] = []
    var stack: [(block: Int, next: Int)] = [(0, 0)]
    if successors.isEmpty { return [] }
    state[0] = 1
    while let (block, next) = stack.last {
      if next < successors[block].count {
        stack[stack.count - 1].next += 1
        let target = successors[block][next]
        if state[target] == 0 {
          state[target] = 1
          stack.append((target, 0))
        } else if state[target] == 1 {
          result.append((block, target))
        }
      } else {
        state[block] = 2
        stack.removeLast()
      }
    }
    return result
  }

  /// The blocks of the loop that an edge back closes.
  func loop(from latch: Int, to header: Int) -> Set<Int> {
    var body: Set<Int> = [header, latch]
    var pending = latch == header ? [] : [latch]
    while let block = pending.popLast() {
      for previous in predecessors[block] where body.insert(previous).inserted { pending.append(previous) }
    }
    return body
  }
}
