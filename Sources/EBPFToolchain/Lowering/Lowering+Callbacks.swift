import EBPFTables

/// A helper that calls back: how the module's stand-in for it becomes its call.
private struct CallbackHelper {
  /// The name behind `bpf_callback_`.
  var name: String
  var id: HelperID
  /// What the kernel calls the callback with, without the context.
  var parameters: [IRTypeID]
  /// Which of them the closure gets.
  var passed: [Int]
  /// The operands of the stand-in in front of the closure that go in front of the callback.
  var leading: Int
  /// Whether the helper takes a context for the callback, and flags behind it.
  var takesContext = true

  static let all = [
    CallbackHelper(name: "loop", id: .loop, parameters: [.i64], passed: [0], leading: 1),
    CallbackHelper(
      name: "for_each_map_elem", id: .forEachMapElem, parameters: [.pointer, .pointer, .pointer], passed: [1, 2], leading: 1),
    CallbackHelper(name: "user_ringbuf_drain", id: .userRingbufDrain, parameters: [.pointer], passed: [0], leading: 1),
    CallbackHelper(name: "find_vma", id: .findVma, parameters: [.pointer, .pointer], passed: [0, 1], leading: 2),
    CallbackHelper(
      name: "timer_set_callback", id: .timerSetCallback, parameters: [.pointer, .pointer, .pointer], passed: [1, 2], leading: 1,
      takesContext: false),
  ]
}

extension LoweringUnit {
  /// Replaces the module's `bpf_callback_NAME` by the helper. A closure is a function and a context; the kernel calls a function with its own
  /// arguments and a context: a static function in between has the kernel's signature and calls the closure's.
  ///
  /// A failed check in the closure sets a flag in a frame around the closure's context, stops the loop, and the caller then fails itself.
  mutating func lowerCallbacks() throws(LoweringError) {
    let prefix = "bpf_callback_"
    var targets: [IRName: CallbackHelper] = [:]
    for function in module.functions {
      let symbol = module.names[function.name]
      guard let range = symbol.utf8Range(of: prefix) else { continue }
      let rest = symbol.utf8.dropFirst(range.upperBound)
      for helper in CallbackHelper.all where rest.starts(with: helper.name.utf8) { targets[function.name] = helper }
    }
    if targets.isEmpty { return }
    let trapping = options.traps == .unchecked ? [] : trappingFunctions()
    for index in module.functions.indices where !callbacks.contains(index) {
      var blocks: [IRBlock] = []
      var lastPart: [IRName: IRName] = [:]
      var isChanged = false
      for block in module.functions[index].blocks {
        var current = IRBlock(label: block.label)
        for instruction in block.instructions {
          guard let symbol = instruction.calledSymbol, let helper = targets[symbol] else {
            current.instructions.append(instruction)
            continue
          }
          isChanged = true
          let (before, after) = try replace(instruction, helper, trapping, in: index)
          current.instructions += before
          guard let after else { continue }
          // The flag: when it is set this function fails, too.
          let next = freshName("next")
          let failed = freshName("failed")
          current.instructions += after.check
          current.instructions.append(.br(.local(after.condition), failed, next, location: instruction.location))
          blocks.append(current)
          var trap = IRInstruction(.call, type: .void, location: instruction.location)
          trap.callee = .global(declare("llvm.trap", result: .void, []))
          blocks.append(
            IRBlock(label: failed, instructions: [trap, IRInstruction(.unreachable, location: instruction.location)]))
          current = IRBlock(label: next)
          lastPart[block.label] = next
        }
        blocks.append(current)
      }
      guard isChanged else { continue }
      retargetPhis(&blocks, lastPart)
      module.functions[index].blocks = blocks
      if let entry = module.functions[index].blocks.first, !frameAllocations.isEmpty {
        module.functions[index].blocks[0] = IRBlock(label: entry.label, instructions: frameAllocations + entry.instructions)
      }
      frameAllocations = []
    }
    index()
  }

  private struct Check {
    var check: [IRInstruction]
    var condition: IRName
  }

  /// The call of the helper, and what must be looked at after it.
  private mutating func replace(
    _ call: IRInstruction, _ helper: CallbackHelper, _ trapping: Set<Int>, in function: Int
  ) throws(LoweringError) -> ([IRInstruction], Check?) {
    guard call.operands.count >= helper.leading + 2 else {
      throw error("the call of bpf_\(helper.name) has too few arguments", at: call.location, in: function)
    }
    guard let symbol = call.operands[helper.leading].value.global, let body = self.function(symbol) else {
      throw error(
        "the body of a loop that runs in a helper is not known at compile time",
        instead: "write the closure where the helper is called, and mark functions that take it on @inline(__always)", at: call.location,
        in: function)
    }
    let context = call.operands[helper.leading + 1]
    let hasContext: Bool =
      switch context.value {
      case .null, .undefined, .poison, .zero: false
      default: true
      }
    if hasContext, !helper.takesContext {
      throw error(
        "this closure captures values, which are gone when it runs: bpf_\(helper.name) calls it after the program's end",
        instead: "keep what it needs in the element that it is called with, or in a global",
        at: call.location, in: function)
    }
    let isFramed = helper.takesContext && trapping.contains(body)
    let thunk = try thunk(helper, body, isFramed: isFramed, at: call.location)
    var instructions: [IRInstruction] = []
    var passed = IROperand(.pointer, hasContext ? context.value : .null)
    var check: Check?
    if isFramed {
      let frame = freshName("frame")
      let flag = freshName("flag")
      let type = module.types.intern(.structure([.pointer, .i64], packed: false))
      // Like all of a function's variables it is made on entry.
      frameAllocations.append(IRInstruction(.alloca, result: frame, type: type, alignment: 8))
      instructions.append(
        IRInstruction(
          .store, operands: [IROperand(.pointer, hasContext ? context.value : .null), IROperand(.pointer, .local(frame))], alignment: 8,
          location: call.location))
      instructions.append(
        IRInstruction(
          .getelementptr, result: flag, modifiers: words([.inbounds]), type: .i8,
          operands: [IROperand(.pointer, .local(frame)), IROperand(.i64, .integer(8))], location: call.location))
      instructions.append(
        IRInstruction(
          .store, operands: [IROperand(.i64, .integer(0)), IROperand(.pointer, .local(flag))], alignment: 8, location: call.location))
      passed = IROperand(.pointer, .local(frame))
      let loaded = freshName("flag")
      let condition = freshName("failed")
      check = Check(
        check: [
          IRInstruction(
            .load, result: loaded, type: .i64, operands: [IROperand(.pointer, .local(flag))], alignment: 8, location: call.location),
          IRInstruction(
            .icmp, result: condition, modifiers: words([.ne]), type: .i64,
            operands: [IROperand(.i64, .local(loaded)), IROperand(.i64, .integer(0))], location: call.location),
        ], condition: condition)
    }
    var replaced = call
    replaced.trailing = .empty
    replaced.modifiers = .empty
    replaced.callee = callee(helper.id)
    replaced.operands = Array(call.operands[..<helper.leading])
    replaced.operands.append(IROperand(.pointer, .global(thunk)))
    if helper.takesContext {
      replaced.operands.append(passed)
      let flags = call.operands.dropFirst(helper.leading + 2).first
      replaced.operands.append(flags ?? IROperand(.i64, .integer(0)))
    }
    instructions.append(replaced)
    return (instructions, check)
  }

  /// The function that the kernel calls.
  private mutating func thunk(
    _ helper: CallbackHelper, _ body: Int, isFramed: Bool, at location: Int32
  ) throws(LoweringError) -> IRName {
    let target = module.functions[body]
    let needed = target.parameters.count - helper.passed.count
    guard needed == 0 || needed == 1 else {
      throw error("the closure for bpf_\(helper.name) has other parameters than the helper's callback", at: location, in: body)
    }
    fresh += 1
    let name = self.name("\(helper.name)_body.\(fresh)")
    var function = IRFunction(name: name, isDefinition: true, result: .i64)
    function.prefix = words([.internal])
    function.attributes = words([.noinline, .nounwind])
    for (index, type) in helper.parameters.enumerated() {
      function.parameters.append(IRParameter(type: type, name: self.name("argument.\(index)")))
    }
    let frame = self.name("frame")
    if helper.takesContext { function.parameters.append(IRParameter(type: .pointer, name: frame)) }
    let place = target.subprogram.map { subprogram -> Int32 in
      let line = module.metadata.integer(UInt32(subprogram), .line) ?? 0
      return Int32(
        module.metadata.add(
          .DILocation, [IRMetadataField(.line, .integer(line)), IRMetadataField(.scope, .node(UInt32(subprogram)))]))
    }
    var block = IRBlock(label: self.name("entry"))
    var call = IRInstruction(.call, type: target.result, location: place ?? -1)
    call.callee = .global(target.name)
    for (position, argument) in helper.passed.enumerated() {
      let from = helper.parameters[argument]
      let to = target.parameters[position].type
      var value = IRValue.local(self.name("argument.\(argument)"))
      if from != to, let wide = module.types.bits(from), let narrow = module.types.bits(to), wide > narrow {
        let result = freshName("argument")
        block.instructions.append(
          IRInstruction(.trunc, result: result, type: to, operands: [IROperand(from, value)], location: place ?? -1))
        value = .local(result)
      } else if module.types.isPointer(from) != module.types.isPointer(to) {
        throw error("the closure for bpf_\(helper.name) has other parameters than the helper's callback", at: location, in: body)
      }
      call.operands.append(IROperand(to, value))
    }
    if needed == 1 {
      var context = IRValue.null
      if helper.takesContext {
        context = .local(frame)
        if isFramed {
          let loaded = freshName("context")
          block.instructions.append(
            IRInstruction(
              .load, result: loaded, type: .pointer, operands: [IROperand(.pointer, .local(frame))], alignment: 8, location: place ?? -1))
          context = .local(loaded)
        }
      }
      call.operands.append(IROperand(.pointer, context))
    }
    var returned = IROperand(.i64, .integer(0))
    if target.result != .void {
      let result = freshName("result")
      call.result = result
      block.instructions.append(call)
      guard let bits = module.types.bits(target.result), bits <= 64 else {
        throw error("the closure for bpf_\(helper.name) has no result that says whether to go on", at: location, in: body)
      }
      if bits < 64 {
        let wide = freshName("result")
        block.instructions.append(
          IRInstruction(.zext, result: wide, type: .i64, operands: [IROperand(target.result, .local(result))], location: place ?? -1))
        returned = IROperand(.i64, .local(wide))
      } else {
        returned = IROperand(.i64, .local(result))
      }
    } else {
      block.instructions.append(call)
    }
    block.instructions.append(.ret(returned, location: place ?? -1))
    function.blocks = [block]
    // The lines of the closure count for it.
    function.subprogram = target.subprogram
    callbacks.insert(add(function))
    return name
  }
}

extension String {
  /// Where a text stands in the UTF-8 of this one.
  fileprivate func utf8Range(of text: String) -> Range<Int>? {
    let all = Array(utf8)
    let part = Array(text.utf8)
    guard !part.isEmpty, all.count >= part.count else { return nil }
    for start in 0...all.count - part.count where all[start..<start + part.count].elementsEqual(part) {
      return start..<start + part.count
    }
    return nil
  }
}
