/// How a function that can fail a check tells its caller.
private enum TrapConvention {
  /// A program: it returns the abort value of its kind.
  case program(abort: Int32)
  /// A callback of a helper: it sets the flag in its frame and stops the loop.
  case callback
  /// It sets a flag of its caller's, through one more parameter.
  case flag
  /// Its result says it: nothing became 32 bits, 1 for a failed check.
  case status
  /// Its result says it: up to 32 bits became 64, a failed check sets bit 32.
  case wide
}

extension LoweringUnit {
  /// Makes a failed check end the program.
  ///
  /// Swift's checks are calls of `llvm.trap` and `unreachable`, which eBPF has not. In the default mode a program returns the abort value of its
  /// kind. A function that it calls tells of the failure: what is inlined through a flag of its caller's (the optimiser turns that into jumps), what
  /// stays a subprogram in its result, where there is room. Each caller looks, and leaves.
  mutating func lowerTraps() throws(LoweringError) {
    switch options.traps {
    case .unchecked: removeTraps()
    case .throw:
      let trapping = trappingFunctions()
      protectResources(trapping)
      // The kernel refuses bpf_throw in callbacks. Where one can fail, all is told by results, as in the default mode.
      if callbacks.isDisjoint(with: trapping) { throwTraps() } else { abortTraps() }
    case .abort:
      protectResources(trappingFunctions())
      abortTraps()
    }
  }

  func isTrap(_ instruction: IRInstruction) -> Bool {
    guard let symbol = instruction.calledSymbol else { return false }
    return module.names.hasPrefix(symbol, "llvm.trap") || module.names.hasPrefix(symbol, "llvm.ubsantrap")
  }

  /// `asm sideeffect "", "n"(i32 7)`: Swift puts one before each trap to keep them apart.
  private func isMark(_ instruction: IRInstruction) -> Bool {
    guard case .constant(let index) = instruction.callee, instruction.opcode == .call else { return false }
    let constant = module.constants[Int(index)]
    guard constant.kind == .assembly, let constraints = module.lists[constant.words].last else { return false }
    return module.names[constraints] == "\"n\""
  }

  private mutating func removeTraps() {
    for index in module.functions.indices {
      for block in module.functions[index].blocks.indices {
        let instructions = module.functions[index].blocks[block].instructions
        guard instructions.contains(where: { isTrap($0) }) else { continue }
        module.functions[index].blocks[block].instructions = instructions.filter { !isTrap($0) && !isMark($0) }
      }
    }
  }

  /// The functions that can fail a check, themselves or through what they call.
  func trappingFunctions() -> Set<Int> {
    var callers: [Int: [Int]] = [:]
    var trapping: Set<Int> = []
    var taken: [Signature: [Int]] = [:]
    var indirect: [Signature: [Int]] = [:]
    for (index, function) in module.functions.enumerated() {
      for block in function.blocks {
        for instruction in block.instructions {
          if isTrap(instruction) { trapping.insert(index) }
          if let symbol = instruction.calledSymbol {
            if let callee = self.function(symbol) { callers[callee, default: []].append(index) }
          } else if instruction.opcode == .call, instruction.callee.local != nil {
            indirect[Signature(instruction), default: []].append(index)
          }
          for operand in instruction.operands {
            module.forEachGlobal(in: operand.value) { name in
              if let target = self.function(name) { taken[Signature(module.functions[target]), default: []].append(target) }
            }
          }
        }
      }
    }
    for (signature, targets) in taken {
      for target in targets { callers[target, default: []] += indirect[signature] ?? [] }
    }
    var pending = Array(trapping)
    while let index = pending.popLast() {
      for caller in callers[index] ?? [] where trapping.insert(caller).inserted { pending.append(caller) }
    }
    return trapping
  }

  // MARK: Throwing

  private mutating func throwTraps() {
    var isUsed = false
    let symbol = name("bpf_throw")
    for index in module.functions.indices {
      // The kernel returns the argument as the program's result.
      let aborts = Set(programs.filter { reaches($0.function, index) }.map(\.abort))
      let cookie: Int64 = aborts.count == 1 ? Int64(aborts.first!) : 0
      for block in module.functions[index].blocks.indices {
        guard let trap = module.functions[index].blocks[block].instructions.firstIndex(where: { isTrap($0) }) else { continue }
        isUsed = true
        let location = module.functions[index].blocks[block].instructions[trap].location
        var call = IRInstruction(.call, type: .void, operands: [IROperand(.i64, .integer(cookie))], location: location)
        call.callee = .global(symbol)
        var kept = Array(module.functions[index].blocks[block].instructions[..<trap])
        kept.removeAll { isMark($0) }
        let ending = [call, .ret(zeroResult(module.functions[index].result), location: location)]
        if heldResources[index] != nil {
          let label = freshName("failed")
          kept.append(.br(label, location: location))
          module.functions[index].blocks += unwindBlocks(index, label, ending, location)
        } else {
          kept += ending
        }
        module.functions[index].blocks[block].instructions = kept
      }
      if isUsed { module.functions[index].attributes = plainAttributes(module.functions[index].attributes) }
    }
    guard isUsed else { return }
    _ = declare("bpf_throw", result: .void, [.i64])
    module.functions[function(symbol)!].section = name(".ksyms")
  }

  private func reaches(_ from: Int, _ to: Int) -> Bool {
    if from == to { return true }
    var seen: Set<Int> = [from]
    var pending = [from]
    while let index = pending.popLast() {
      for block in module.functions[index].blocks {
        for instruction in block.instructions {
          var found = false
          module.forEachGlobal(in: instruction) { name in
            if let next = function(name), seen.insert(next).inserted {
              pending.append(next)
              if next == to { found = true }
            }
          }
          if found { return true }
        }
      }
    }
    return false
  }

  private func zeroResult(_ type: IRTypeID) -> IROperand? {
    if type == .void { return nil }
    if module.types.bits(type) != nil { return IROperand(type, .integer(0)) }
    return IROperand(type, module.types.isPointer(type) ? .null : .zero)
  }

  // MARK: Aborting

  private mutating func abortTraps() {
    let trapping = trappingFunctions()
    if trapping.isEmpty { return }
    var taken: Set<Int> = []
    for function in module.functions {
      for block in function.blocks {
        for instruction in block.instructions {
          for operand in instruction.operands {
            module.forEachGlobal(in: operand.value) { if let index = self.function($0) { taken.insert(index) } }
          }
        }
      }
    }
    var conventions: [Int: TrapConvention] = [:]
    for index in trapping { conventions[index] = convention(index, isTaken: taken.contains(index) && !callbacks.contains(index)) }
    // Calls through pointers take the flag if any function of their kind does.
    var flagged: Set<Signature> = []
    for index in taken.intersection(trapping) where !callbacks.contains(index) { flagged.insert(Signature(module.functions[index])) }
    var results: [Int: IRTypeID] = [:]
    for index in trapping { results[index] = module.functions[index].result }
    for index in module.functions.indices where module.functions[index].isDefinition {
      if taken.contains(index), !trapping.contains(index), !callbacks.contains(index), flagged.contains(Signature(module.functions[index]))
      {
        // It never fails, but those who call it through a pointer cannot know.
        module.functions[index].parameters.append(IRParameter(type: .pointer, name: name("bpf.flag")))
      }
    }
    for index in trapping.sorted() { rewrite(index, conventions, results, flagged) }
  }

  private mutating func convention(_ index: Int, isTaken: Bool) -> TrapConvention {
    if let program = programOfFunction[index] { return .program(abort: programs[program].abort) }
    if callbacks.contains(index) { return .callback }
    let function = module.functions[index]
    if isTaken || !isSubprogram(index) { return .flag }
    if function.result == .void { return .status }
    if let bits = module.types.bits(function.result), bits <= 32 { return .wide }
    if function.parameters.count >= 5 {
      // No register is left for the flag.
      let plain = plainAttributes(function.attributes)
      let attributes = module.lists[plain].filter { $0 != .noinline }
      module.functions[index].attributes = words([.alwaysinline] + attributes)
    }
    return .flag
  }

  /// The attributes that stay true when a function can set a flag and return: nothing about memory or not returning.
  private mutating func plainAttributes(_ attributes: IRList) -> IRList {
    var result: [IRName] = []
    let function = { (unit: LoweringUnit, word: IRName) -> Bool in
      var probe = IRFunction(name: .empty, isDefinition: false, result: .void)
      probe.attributes = attributes
      return unit.hasAttribute(probe, word)
    }
    for word in [IRName.alwaysinline, .noinline, .nounwind] where function(self, word) { result.append(word) }
    return words(result)
  }

  private mutating func rewrite(
    _ index: Int, _ conventions: [Int: TrapConvention], _ results: [Int: IRTypeID], _ flagged: Set<Signature>
  ) {
    guard let convention = conventions[index] else { return }
    var function = module.functions[index]
    let result = function.result
    function.attributes = plainAttributes(function.attributes)
    function.prefix = module.filter(function.prefix) { $0 == .internal }
    let flag = name("bpf.flag")
    var needsLocalFlag = false
    switch convention {
    case .program: break
    case .callback: break
    case .flag: function.parameters.append(IRParameter(type: .pointer, name: flag))
    case .status: function.result = .i32
    case .wide: function.result = .i64
    }
    if function.result != result {
      for parameter in function.parameters.indices {
        function.parameters[parameter].attributes = module.filter(function.parameters[parameter].attributes) { $0 != .returned }
      }
    }
    let leave = name("bpf.leave")
    let own = name("bpf.failed")
    let holds = heldResources[index] != nil
    var usesLeave = false
    var usesOwn = false
    var blocks: [IRBlock] = []
    var lastPart: [IRName: IRName] = [:]
    for block in function.blocks {
      let label = block.label
      var current = IRBlock(label: label)
      for instruction in block.instructions {
        if isTrap(instruction) {
          current.instructions.removeAll { isMark($0) }
          if holds {
            current.instructions.append(.br(own, location: instruction.location))
            usesOwn = true
          } else {
            current.instructions += failure(convention, function, flag, isOwn: true, location: instruction.location)
          }
          break
        }
        if instruction.opcode == .ret {
          current.instructions += success(convention, instruction, result)
          continue
        }
        let target = instruction.calledSymbol.flatMap { self.function($0) }
        let callee: TrapConvention?
        if let target {
          callee = conventions[target]
        } else {
          callee = instruction.opcode == .call && instruction.callee.local != nil && flagged.contains(Signature(instruction)) ? .flag : nil
        }
        guard let callee else {
          if instruction.opcode == .call, let target, flagged.contains(Signature(module.functions[target], droppingFlag: flag)),
            module.functions[target].parameters.last?.name == flag
          {
            // A function that took the flag for the sake of its kind.
            var call = instruction
            call.operands.append(IROperand(.pointer, .local(flag)))
            needsLocalFlag = true
            current.instructions.append(call)
            continue
          }
          current.instructions.append(instruction)
          continue
        }
        var call = instruction
        call.modifiers = .empty
        call.trailing = .empty
        call.tail = .empty
        let next = freshName("next")
        let failed = freshName("failed")
        switch callee {
        case .flag:
          call.operands.append(IROperand(.pointer, .local(flag)))
          needsLocalFlag = true
          let loaded = freshName("flag")
          current.instructions.append(call)
          current.instructions.append(
            IRInstruction(
              .load, result: loaded, type: .i8, operands: [IROperand(.pointer, .local(flag))], alignment: 1, location: call.location))
          current.instructions.append(comparison(failed, .i8, .local(loaded), 0, call.location))
        case .status:
          let status = freshName("status")
          call.result = status
          call.type = .i32
          current.instructions.append(call)
          current.instructions.append(comparison(failed, .i32, .local(status), 0, call.location))
        case .wide:
          let wide = freshName("wide")
          call.result = wide
          call.type = .i64
          current.instructions.append(call)
          let high = freshName("high")
          current.instructions.append(
            IRInstruction(
              .lshr, result: high, type: .i64, operands: [IROperand(.i64, .local(wide)), IROperand(.i64, .integer(32))],
              location: call.location))
          current.instructions.append(comparison(failed, .i64, .local(high), 0, call.location))
        case .program, .callback: current.instructions.append(call)
        }
        if case .program = callee { continue }
        if case .callback = callee { continue }
        usesLeave = true
        var branch = IRInstruction.br(.local(failed), leave, next, location: call.location)
        branch.attachments = [IRAttachment(kind: name("prof"), node: .node(unlikely()))]
        current.instructions.append(branch)
        blocks.append(current)
        current = IRBlock(label: next)
        lastPart[label] = next
        if case .wide = callee, !instruction.result.isEmpty, let narrow = target.flatMap({ results[$0] }),
          case .local(let wide)? = blocks.last.flatMap({ wideResult($0) })
        {
          current.instructions.append(
            IRInstruction(
              .trunc, result: instruction.result, type: narrow, operands: [IROperand(.i64, .local(wide))], location: call.location))
        }
      }
      blocks.append(current)
    }
    let location = function.blocks.first?.instructions.first { $0.location >= 0 }?.location ?? -1
    if usesLeave {
      blocks += unwindBlocks(index, leave, failure(convention, function, flag, isOwn: false, location: location), location)
    }
    if usesOwn {
      blocks += unwindBlocks(index, own, failure(convention, function, flag, isOwn: true, location: location), location)
    }
    retargetPhis(&blocks, lastPart)
    if needsLocalFlag || isCallback(convention) { addFlag(&blocks, convention, function, flag) }
    if case .flag = convention, globalFunctions.contains(index) { refuseNull(&blocks, flag, function.result) }
    function.blocks = blocks
    module.functions[index] = function
  }

  /// A global function is proved by itself, for any caller: one that gives no flag gets nothing.
  private mutating func refuseNull(_ blocks: inout [IRBlock], _ flag: IRName, _ result: IRTypeID) {
    guard !blocks.isEmpty else { return }
    let isGiven = freshName("is")
    let refused = freshName("refused")
    var entry = IRBlock(label: freshName("entry"))
    // Variables are made in the first block.
    func isVariable(_ instruction: IRInstruction) -> Bool {
      instruction.opcode == .alloca && instruction.operands.allSatisfy { $0.value.local == nil }
    }
    entry.instructions = blocks[0].instructions.filter(isVariable)
    blocks[0].instructions.removeAll(where: isVariable)
    if blocks[0].label.isEmpty { blocks[0].label = freshName("body") }
    entry.instructions.append(
      IRInstruction(
        .icmp, result: isGiven, modifiers: words([.ne]), type: .pointer,
        operands: [IROperand(.pointer, .local(flag)), IROperand(.pointer, .null)]))
    entry.instructions.append(.br(.local(isGiven), blocks[0].label, refused))
    blocks.insert(entry, at: 0)
    blocks.append(IRBlock(label: refused, instructions: [.ret(zeroResult(result))]))
  }

  private func isCallback(_ convention: TrapConvention) -> Bool {
    if case .callback = convention { return true }
    return false
  }

  /// The 64-bit result of the call that ends a block with its check.
  private func wideResult(_ block: IRBlock) -> IRValue? {
    block.instructions.last { $0.opcode == .call && $0.type == .i64 }.map { .local($0.result) }
  }

  private mutating func comparison(_ result: IRName, _ type: IRTypeID, _ value: IRValue, _ other: Int64, _ location: Int32) -> IRInstruction
  {
    IRInstruction(
      .icmp, result: result, modifiers: words([.ne]), type: type, operands: [IROperand(type, value), IROperand(type, .integer(other))],
      location: location)
  }

  /// Blocks that were cut are followed by what they were followed by: phis there name the last part.
  func retargetPhis(_ blocks: inout [IRBlock], _ lastPart: [IRName: IRName]) {
    if lastPart.isEmpty { return }
    for block in blocks.indices {
      for position in blocks[block].instructions.indices {
        guard blocks[block].instructions[position].opcode == .phi else { break }
        for operand in blocks[block].instructions[position].operands.indices where operand % 2 == 1 {
          if let name = blocks[block].instructions[position].operands[operand].value.local, let last = lastPart[name] {
            blocks[block].instructions[position].operands[operand].value = .local(last)
          }
        }
      }
    }
  }

  /// The flag of functions that have none from their caller: a variable of their own, or the one in a callback's frame.
  private mutating func addFlag(_ blocks: inout [IRBlock], _ convention: TrapConvention, _ function: IRFunction, _ flag: IRName) {
    guard !blocks.isEmpty else { return }
    switch convention {
    case .flag: return
    case .callback:
      guard let frame = function.parameters.last?.name else { return }
      blocks[0].instructions.insert(
        IRInstruction(
          .getelementptr, result: flag, modifiers: words([.inbounds]), type: .i8,
          operands: [IROperand(.pointer, .local(frame)), IROperand(.i64, .integer(8))]), at: 0)
    default:
      blocks[0].instructions.insert(
        contentsOf: [
          IRInstruction(.alloca, result: flag, type: .i8, alignment: 1),
          IRInstruction(.store, operands: [IROperand(.i8, .integer(0)), IROperand(.pointer, .local(flag))], alignment: 1),
        ], at: 0)
    }
  }

  /// What a function does when a check failed: its own, or one of what it called.
  private mutating func failure(
    _ convention: TrapConvention, _ function: IRFunction, _ flag: IRName, isOwn: Bool, location: Int32
  ) -> [IRInstruction] {
    var result: [IRInstruction] = []
    switch convention {
    case .program(let abort):
      let value = IRValue.integer(Int64(abort))
      return [.ret(function.result == .void ? nil : IROperand(function.result, value), location: location)]
    case .status: return [.ret(IROperand(.i32, .integer(1)), location: location)]
    case .wide: return [.ret(IROperand(.i64, .integer(1 << 32)), location: location)]
    case .flag, .callback:
      if isOwn {
        result.append(
          IRInstruction(
            .store, operands: [IROperand(.i8, .integer(1)), IROperand(.pointer, .local(flag))], alignment: 1, location: location))
      }
      if case .callback = convention {
        result.append(.ret(IROperand(function.result, .integer(1)), location: location))
      } else {
        result.append(.ret(zeroResult(function.result), location: location))
      }
      return result
    }
  }

  /// What a function returns when all went well.
  private mutating func success(_ convention: TrapConvention, _ ret: IRInstruction, _ result: IRTypeID) -> [IRInstruction] {
    switch convention {
    case .program, .callback, .flag: return [ret]
    case .status: return [.ret(IROperand(.i32, .integer(0)), location: ret.location)]
    case .wide:
      let wide = freshName("result")
      return [
        IRInstruction(.zext, result: wide, type: .i64, operands: ret.operands, location: ret.location),
        .ret(IROperand(.i64, .local(wide)), location: ret.location),
      ]
    }
  }

  /// The node that says that a failed check is unlikely.
  private mutating func unlikely() -> UInt32 {
    if let node = unlikelyNode { return node }
    let node = module.metadata.addTuple([.string(name("branch_weights")), .value(.i32, .integer(1)), .value(.i32, .integer(2000))])
    unlikelyNode = node
    return node
  }
}

/// What two functions have in common that the same call through a pointer could call.
private struct Signature: Hashable {
  var result: IRTypeID
  var parameters: [IRTypeID]

  init(_ function: IRFunction) {
    result = function.result
    parameters = function.parameters.map(\.type)
  }

  init(_ function: IRFunction, droppingFlag flag: IRName) {
    self.init(function)
    if function.parameters.last?.name == flag { parameters.removeLast() }
  }

  init(_ call: IRInstruction) {
    result = call.type
    parameters = call.operands.map(\.type)
  }
}
