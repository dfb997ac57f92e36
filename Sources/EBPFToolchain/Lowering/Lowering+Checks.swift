extension LoweringUnit {
  /// Says what eBPF has not, where the program needs it: recursion, floating-point numbers. What the optimiser may still take away (arguments, results
  /// of several registers, calls of the run-time library) is judged in what it leaves.
  mutating func checkLanguage() throws(LoweringError) {
    try checkRecursion()
    for index in module.functions.indices where module.functions[index].isDefinition { try checkFloatingPoint(index) }
  }

  /// A function that calls itself, directly or through others: eBPF has a stack of 512 bytes and a call graph without cycles.
  private mutating func checkRecursion() throws(LoweringError) {
    var state = Array(repeating: UInt8(0), count: module.functions.count)
    for start in module.functions.indices where state[start] == 0 {
      var stack: [(function: Int, calls: [(Int, Int32)], next: Int)] = [(start, calls(start), 0)]
      state[start] = 1
      while let top = stack.last {
        guard top.next < top.calls.count else {
          state[top.function] = 2
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let (callee, location) = top.calls[top.next]
        // In the standard library it is a part of something that eBPF has not as a whole.
        if state[callee] == 1, isUserFunction(callee) {
          let name = sourceName(ofFunction: callee) ?? module.names[module.functions[callee].name]
          throw error(
            "the function \"\(name)\" calls itself, and eBPF has no recursion", instead: "write a loop", at: location, in: top.function)
        }
        if state[callee] == 0 {
          state[callee] = 1
          stack.append((callee, calls(callee), 0))
        }
      }
    }
  }

  /// The functions with a body that a function calls, with the places.
  private func calls(_ index: Int) -> [(Int, Int32)] {
    var result: [(Int, Int32)] = []
    for block in module.functions[index].blocks {
      for instruction in block.instructions {
        if let symbol = instruction.calledSymbol, let callee = function(symbol), module.functions[callee].isDefinition {
          result.append((callee, instruction.location))
        }
      }
    }
    return result
  }

  private mutating func checkFloatingPoint(_ index: Int) throws(LoweringError) {
    for block in module.functions[index].blocks {
      for instruction in block.instructions {
        switch instruction.opcode {
        case .fadd, .fsub, .fmul, .fdiv, .frem, .fneg, .fcmp, .sitofp, .uitofp, .fptosi, .fptoui, .fpext, .fptrunc:
          guard isUserFunction(index) || userLocation(instruction.location) != nil else { continue }
          throw error(
            "eBPF has no floating-point numbers: no Double, no Float", instead: "count in integers, such as thousandths",
            at: instruction.location, in: index)
        default: continue
        }
      }
    }
  }
}
