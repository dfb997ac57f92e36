import EBPFTables

/// A function with a section.
struct LoweredProgram {
  var function: Int
  /// The section's name.
  var section: String
  /// The symbol: the function's name in the source, made unique.
  var name: String
  /// What it returns when a check fails.
  var abort: Int32
}

extension LoweringUnit {
  /// Finds the programs and gives each its symbol. Rule: a function with a section, that is no addressor, is a program; its symbol is its name in
  /// the source; programs of the same name get the first word of their section behind it, then a number.
  mutating func findPrograms() {
    let used = usedSymbols()
    for index in module.functions.indices where module.functions[index].isDefinition {
      let function = module.functions[index]
      if isAddressor(function.name) {
        // Swift gives an addressor the section of its variable.
        module.functions[index].section = .empty
        continue
      }
      guard function.section.isEmpty else {
        let section = module.names[function.section]
        if section.hasPrefix(".ksyms") { continue }
        let name = sourceName(ofFunction: index) ?? module.names[function.name]
        let abort = AbortResult.of(section: section)
        programs.append(LoweredProgram(function: index, section: section, name: Self.identifier(name), abort: abort))
        continue
      }
      if used.contains(function.name), isUserFunction(index) { globalFunctions.insert(index) }
    }
    var taken: [String: [Int]] = [:]
    for (index, program) in programs.enumerated() { taken[program.name, default: []].append(index) }
    var names = Set(taken.filter { $0.value.count == 1 }.keys)
    for index in programs.indices where taken[programs[index].name]!.count > 1 {
      let word = Self.identifier(String(programs[index].section.drop { $0 == "?" }.prefix { $0 != "/" && $0 != "." }))
      let base = "\(programs[index].name)_\(word)"
      var name = base
      var number = 2
      while !names.insert(name).inserted {
        name = "\(base)_\(number)"
        number += 1
      }
      programs[index].name = name
    }
    for (index, program) in programs.enumerated() { programOfFunction[program.function] = index }
  }

  /// The symbols that the source marks with `@used`.
  func usedSymbols() -> Set<IRName> {
    var result: Set<IRName> = []
    for global in module.globals where module.names[global.name] == "llvm.used" {
      if let initializer = global.initializer { module.forEachGlobal(in: initializer) { result.insert($0) } }
    }
    return result
  }

  /// Whether a function stands in the user's sources.
  mutating func isUserFunction(_ index: Int) -> Bool {
    guard let node = module.functions[index].subprogram, let file = module.metadata.node(UInt32(node), .file) else { return false }
    return isUserFile(file)
  }
}
