extension LoweringUnit {
  /// Atomics as eBPF has them.
  ///
  /// - A relaxed read-modify-write whose result is used: LLVM 21 gives the form without a result, so that the value is lost (in C too). As
  ///   `seq_cst` it is right.
  /// - Loads and stores: only `-mcpu=v4` has ordered ones. Relaxed ones are plain accesses that the compiler leaves alone; ordered ones
  ///   become read-modify-writes, which order everything. Those exist for 4 and 8 bytes.
  mutating func lowerAtomics() {
    for index in module.functions.indices {
      var uses: Set<IRName>?
      for block in module.functions[index].blocks.indices {
        for position in module.functions[index].blocks[block].instructions.indices {
          let instruction = module.functions[index].blocks[block].instructions[position]
          switch instruction.opcode {
          case .atomicrmw where module.contains(instruction.trailing, .monotonic) && !instruction.result.isEmpty:
            if uses == nil { uses = usedLocals(module.functions[index]) }
            if uses!.contains(instruction.result) {
              module.functions[index].blocks[block].instructions[position].trailing = words([.seq_cst])
            }
          case .load where module.contains(instruction.modifiers, .atomic):
            module.functions[index].blocks[block].instructions[position] = atomicLoad(instruction)
          case .store where module.contains(instruction.modifiers, .atomic):
            module.functions[index].blocks[block].instructions[position] = atomicStore(instruction)
          default: break
          }
        }
      }
    }
  }

  /// The local names that a function's instructions use.
  func usedLocals(_ function: IRFunction) -> Set<IRName> {
    var result: Set<IRName> = []
    for block in function.blocks {
      for instruction in block.instructions {
        for operand in instruction.operands { if let name = operand.value.local { result.insert(name) } }
        if let name = instruction.callee.local { result.insert(name) }
        if instruction.verbatim >= 0 {
          for token in module.verbatim[Int(instruction.verbatim)] { if case .local(let name) = token { result.insert(name) } }
        }
      }
    }
    return result
  }

  private func isOrdered(_ instruction: IRInstruction) -> Bool {
    module.contains(instruction.trailing, .acquire) || module.contains(instruction.trailing, .release)
      || module.contains(instruction.trailing, .seq_cst) || module.contains(instruction.trailing, .acq_rel)
  }

  private mutating func atomicLoad(_ instruction: IRInstruction) -> IRInstruction {
    var result = instruction
    let bits = module.types.bits(instruction.type) ?? 0
    if isOrdered(instruction), bits == 32 || bits == 64 {
      // An or with 0 reads, and orders.
      result.opcode = .atomicrmw
      result.modifiers = words([IRName(index: UInt32(IROpcode.or.rawValue))])
      result.operands = [instruction.operands[0], IROperand(instruction.type, .integer(0))]
      result.trailing = words([.seq_cst])
      return result
    }
    result.modifiers = words([.volatile])
    result.trailing = .empty
    return result
  }

  private mutating func atomicStore(_ instruction: IRInstruction) -> IRInstruction {
    var result = instruction
    let bits = module.types.bits(instruction.operands[0].type) ?? 0
    if isOrdered(instruction), bits == 32 || bits == 64 {
      result.opcode = .atomicrmw
      result.result = freshName("stored")
      result.modifiers = words([.xchg])
      result.operands = [instruction.operands[1], instruction.operands[0]]
      result.trailing = words([.seq_cst])
      return result
    }
    result.modifiers = words([.volatile])
    result.trailing = .empty
    return result
  }
}
