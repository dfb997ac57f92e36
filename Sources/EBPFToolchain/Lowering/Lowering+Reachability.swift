extension LoweringUnit {
  /// Takes away what neither a program, a global function nor kept data reaches. What reachable code calls of Swift's run-time library stays
  /// as a declaration: if the optimiser leaves a call of it, the object says where.
  mutating func markReachable() {
    var functions = Array(repeating: false, count: module.functions.count)
    var globals = Array(repeating: false, count: module.globals.count)
    var pending: [(isFunction: Bool, index: Int)] = []
    func reach(_ name: IRName) {
      if let index = function(name) {
        if !functions[index] {
          functions[index] = true
          pending.append((true, index))
        }
      } else if let index = global(name), !globals[index] {
        globals[index] = true
        pending.append((false, index))
      }
    }
    for program in programs { reach(module.functions[program.function].name) }
    for index in globalFunctions { reach(module.functions[index].name) }
    for index in keptGlobals.sorted() { reach(module.globals[index].name) }
    while let (isFunction, index) = pending.popLast() {
      if isFunction {
        if isRuntime(module.functions[index].name) {
          // A call of it is an error that the driver reports: the body does not matter.
          module.functions[index].isDefinition = false
          module.functions[index].blocks = []
          module.functions[index].attachments = []
          module.functions[index].prefix = .empty
          module.functions[index].rest = []
          for parameter in module.functions[index].parameters.indices { module.functions[index].parameters[parameter].name = .empty }
          continue
        }
        for block in module.functions[index].blocks {
          for instruction in block.instructions { module.forEachGlobal(in: instruction, reach) }
        }
        module.forEachGlobal(in: module.functions[index].rest, reach)
      } else if let initializer = module.globals[index].initializer {
        module.forEachGlobal(in: initializer, reach)
      }
    }
    keep(functions, globals)
  }

  /// Whether a function belongs to Swift's run-time library.
  func isRuntime(_ name: IRName) -> Bool {
    module.names.hasPrefix(name, "swift_") || module.names.hasPrefix(name, "_swift_")
  }

  private mutating func keep(_ functions: [Bool], _ globals: [Bool]) {
    var functionAt: [Int: Int] = [:]
    var globalAt: [Int: Int] = [:]
    var keptFunctions: [IRFunction] = []
    for (index, isKept) in functions.enumerated() where isKept {
      functionAt[index] = keptFunctions.count
      keptFunctions.append(module.functions[index])
    }
    var kept: [IRGlobal] = []
    for (index, isKept) in globals.enumerated() where isKept {
      globalAt[index] = kept.count
      kept.append(module.globals[index])
    }
    module.functions = keptFunctions
    module.globals = kept
    for index in programs.indices { programs[index].function = functionAt[programs[index].function]! }
    programOfFunction = [:]
    for (index, program) in programs.enumerated() { programOfFunction[program.function] = index }
    globalFunctions = Set(globalFunctions.compactMap { functionAt[$0] })
    callbacks = Set(callbacks.compactMap { functionAt[$0] })
    keptGlobals = Set(keptGlobals.compactMap { globalAt[$0] })
    index()
  }
}
