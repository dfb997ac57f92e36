extension LoweringUnit {
  /// Says what eBPF has not, where the program needs it: recursion, floating-point numbers. What the optimiser may still take away (arguments, results
  /// of several registers, calls of the run-time library) is judged in what it leaves.
  mutating func checkLanguage() throws(LoweringError) {
    checkRecursion()
    for index in module.functions.indices where module.functions[index].isDefinition {
      checkFloatingPoint(index)
      checkMapsOnStack(index)
    }
    try throwProblems()
  }

  /// A map that a function makes: loaders make maps, of what they find in the object.
  private mutating func checkMapsOnStack(_ index: Int) {
    guard isUserFunction(index) else { return }
    var maps: Set<IRName> = []
    for block in module.functions[index].blocks {
      for instruction in block.instructions {
        if instruction.opcode == .alloca {
          if holdsMap(instruction.type) { maps.insert(instruction.result) }
          continue
        }
        guard !maps.isEmpty, userLocation(instruction.location) != nil,
          instruction.operands.contains(where: { $0.value.local.map { maps.contains($0) } == true })
        else { continue }
        report(
          "a map is made in a function, and maps are made before programs run",
          instead: "declare it outside of functions, or as a static let: let packets = HashMap<Key, Value>(maxEntries: 1024)",
          at: instruction.location, in: index)
        return
      }
    }
  }

  /// A function that calls itself, directly or through others: eBPF has a stack of 512 bytes and a call graph without cycles.
  private mutating func checkRecursion() {
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
          let name = shownName(ofFunction: callee)
          let path = stack.drop { $0.function != callee }.dropFirst().map { "'\(shownName(ofFunction: $0.function))'" }
          let through = path.isEmpty ? "" : " through \(path.joined(separator: " and "))"
          report(
            "'\(name)' calls itself\(through), and eBPF programs have no recursion",
            instead: "write a loop with a bound: for index in 0..<16 { … }, or loop(count) { index in … }", at: location, in: top.function)
        }
        if state[callee] == 0 {
          state[callee] = 1
          stack.append((callee, calls(callee), 0))
        }
      }
    }
  }

  /// A function's name in the source: of an accessor that of its property.
  private func shownName(ofFunction index: Int) -> String {
    let name = sourceName(ofFunction: index) ?? module.names[module.functions[index].name]
    for accessor in [".get", ".set", ".modify", ".read"] where name.hasSuffix(accessor) { return String(name.dropLast(accessor.count)) }
    return name
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

  /// The first use in a function: others follow from it.
  private mutating func checkFloatingPoint(_ index: Int) {
    for block in module.functions[index].blocks {
      for instruction in block.instructions {
        switch instruction.opcode {
        case .fadd, .fsub, .fmul, .fdiv, .frem, .fneg, .fcmp, .sitofp, .uitofp, .fptosi, .fptoui, .fpext, .fptrunc:
          guard isUserFunction(index) || userLocation(instruction.location) != nil else { continue }
          report(
            "eBPF has no floating-point numbers: no Double, no Float",
            instead: "count in integers, such as thousandths: value * 1500 / 1000 in the place of value * 1.5", at: instruction.location,
            in: index)
          return
        default: continue
        }
      }
    }
  }
}
