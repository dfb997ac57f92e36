/// What a global of the user's sources is to the program.
enum GlobalRole: Hashable {
  /// A type whose first stored property, followed to the end, is `BPF.MapAnchor`.
  case map
  /// `BPF.License`.
  case license
  /// `BPF.Setting<T>`: the node of T.
  case setting(type: UInt32?)
  /// `BPF.StructOperations<T>`: the name of T.
  case operations(type: String)
  /// `var`.
  case variable
  /// `let`.
  case constant
}

extension LoweringUnit {
  /// Does at compile time what Swift does when a global is first used: runs each once-initialiser on known values and makes what it stores
  /// the global's initial bytes.
  mutating func evaluateInitializers() throws(LoweringError) {
    let initializers = onceInitializers()
    findRoles()
    var evaluator = Evaluator(module, function: { [self] in function($0) }, global: { [self] in global($0) })
    for (token, function) in initializers {
      do {
        try evaluator.run(token: token, function: function)
      } catch {
        failedTokens[token] = error
      }
    }
    for index in module.globals.indices {
      let symbol = module.globals[index].name
      if let object = evaluator.object(of: symbol), object.isWritten {
        try commit(object, to: index, evaluator)
      }
      if isKept(index) { keptGlobals.insert(index) }
    }
    guard let once = module.names.find("swift_once") else { return }
    for index in module.functions.indices {
      for block in module.functions[index].blocks.indices {
        let instructions = module.functions[index].blocks[block].instructions
        guard instructions.contains(where: { isDone($0, once) }) else { continue }
        module.functions[index].blocks[block].instructions = instructions.filter { !isDone($0, once) }
      }
    }
  }

  /// Whether an instruction asks for an initialiser that ran here.
  private func isDone(_ instruction: IRInstruction, _ once: IRName) -> Bool {
    guard instruction.calledSymbol == once, let token = instruction.operands.first?.value.global else { return false }
    return failedTokens[token] == nil
  }

  /// Says which globals cannot have their value before the program runs. Only what the program uses counts.
  mutating func checkInitializers() throws(LoweringError) {
    if failedTokens.isEmpty { return }
    var tokens: Set<IRName> = []
    for index in module.globals.indices where keptGlobals.contains(index) {
      if let token = tokenOfGlobal[module.globals[index].name], failedTokens[token] != nil { tokens.insert(token) }
    }
    for function in module.functions {
      for block in function.blocks {
        for instruction in block.instructions {
          guard let symbol = instruction.calledSymbol, module.names[symbol] == "swift_once",
            let token = instruction.operands.first?.value.global,
            // One of the standard library is a part of something that eBPF has not as a whole.
            tokenOfGlobal.contains(where: { $0.value == token && roles[$0.key] != nil })
          else { continue }
          tokens.insert(token)
        }
      }
    }
    problems += tokens.map { initializerError($0) }
    try throwProblems()
  }

  private mutating func initializerError(_ token: IRName) -> LoweringError {
    let reason = failedTokens[token]?.reason ?? "its initializer is not known"
    guard let symbol = tokenOfGlobal.filter({ $0.value == token }).map(\.key).min(by: { $0.index < $1.index }), let index = global(symbol)
    else {
      return error(
        "a global gets its value at run time: \(reason)", instead: "give it a value that is known at compile time",
        at: failedTokens[token]?.location ?? -1)
    }
    let name = sourceName(ofGlobal: index) ?? module.names[symbol]
    let instead =
      roles[symbol] == .map
      ? "write the map's size as a number; the application can set another before it loads the program"
      : "write a value that is known at compile time; what the application knows is a `Setting`, what a program finds out goes into a `var` "
        + "or a map"
    var result = error("the global '\(name)' cannot have its value before the program runs: \(reason)", instead: instead, atGlobal: index)
    if let place = userLocation(failedTokens[token]?.location ?? -1), Int(place.line) == result.line,
      path(ofFile: place.file) == result.file
    {
      result.column = Int(place.column)
    }
    return result
  }

  /// The initialisers by their tokens, in the order of the text; and which token belongs to which global.
  private mutating func onceInitializers() -> [(token: IRName, function: IRName)] {
    guard let once = module.names.find("swift_once") else { return [] }
    var result: [(IRName, IRName)] = []
    var seen: Set<IRName> = []
    for function in module.functions where function.name != once {
      for block in function.blocks {
        for instruction in block.instructions where instruction.calledSymbol == once && instruction.operands.count >= 2 {
          guard let token = instruction.operands[0].value.global, let initializer = instruction.operands[1].value.global else { continue }
          if seen.insert(token).inserted { result.append((token, initializer)) }
          // An addressor initialises what it gives the address of.
          if isAddressor(function.name) || function.name.index != 0, let last = function.blocks.last?.instructions.last,
            last.opcode == .ret, let symbol = last.operands.first?.value.global, global(symbol) != nil
          {
            tokenOfGlobal[symbol] = token
          }
        }
      }
    }
    return result
  }

  // MARK: Roles

  private mutating func findRoles() {
    let written = writtenGlobals()
    for index in module.globals.indices {
      guard let variable = debugVariable(index), let file = module.metadata.node(variable, .file), isUserFile(file) else { continue }
      let global = module.globals[index]
      var type = module.metadata.node(variable, .type)
      var isLet = false
      while let node = type, module.metadata.kind(node) == .DIDerivedType, module.metadata.word(node, .tag) == .DW_TAG_const_type {
        isLet = true
        type = module.metadata.node(node, .baseType)
      }
      if isMap(global.type) {
        roles[global.name] = .map
        if written.contains(global.name) {
          problems.append(
            error(
              "the map '\(sourceName(ofGlobal: index) ?? "")' is assigned by a program, and maps are made before programs run",
              instead: "declare it by let, and put values into it: update(key, value)", atGlobal: index))
        }
      } else if holdsMap(global.type) {
        problems.append(
          error(
            "the global '\(sourceName(ofGlobal: index) ?? "")' has a map in it, and maps stand for themselves",
            instead:
              "declare the map as a global or as a static let: enum Statistics { static let packets = HashMap<Key, Value>(maxEntries: 16) }",
            atGlobal: index))
      } else if module.types.name(global.type).map({ module.names.hasSuffix($0, "3BPF7LicenseV") }) == true {
        roles[global.name] = .license
      } else if let type, module.types.name(global.type).map({ module.names[$0].contains("3BPF16StructOperationsV") }) == true {
        let table = templateArguments(type).first.flatMap { module.metadata.string($0, .name) }.map { module.names[$0] }
        roles[global.name] = .operations(type: table ?? "")
      } else if let type, let setting = settingType(type) {
        roles[global.name] = .setting(type: setting)
      } else {
        let isFixed = isLet && !written.contains(global.name) && type.map { changesInPlace($0) } != true
        roles[global.name] = isFixed ? .constant : .variable
      }
    }
  }

  /// Whether a `let` of the type can change: the atomic types of module Synchronization.
  private func changesInPlace(_ type: UInt32) -> Bool {
    let node = module.metadata.node(type, .specification) ?? type
    guard let scope = module.metadata.node(node, .scope), let name = module.metadata.string(scope, .name) else { return false }
    return module.names[name] == "Synchronization"
  }

  /// The globals that code outside of initialisers writes: a `let` of such a type (an atomic) is a variable to user space.
  private func writtenGlobals() -> Set<IRName> {
    var result: Set<IRName> = []
    for function in module.functions where !module.names.hasSuffix(function.name, "_WZ") {
      // The globals that local names are addresses in.
      var bases: [IRName: IRName] = [:]
      func base(_ value: IRValue) -> IRName? {
        switch value {
        case .global(let name): return name
        case .local(let name): return bases[name]
        case .constant(let index):
          return module.constants[Int(index)].kind == .getelementptr ? module.constants[Int(index)].operands[0].value.global : nil
        default: return nil
        }
      }
      for block in function.blocks {
        for instruction in block.instructions {
          switch instruction.opcode {
          case .getelementptr: bases[instruction.result] = base(instruction.operands[0].value)
          case .store: if let name = base(instruction.operands[1].value) { result.insert(name) }
          case .atomicrmw, .cmpxchg: if let name = base(instruction.operands[0].value) { result.insert(name) }
          default: break
          }
        }
      }
    }
    return result
  }

  /// Whether a type's first member, followed to the end, is `BPF.MapAnchor`.
  func isMap(_ type: IRTypeID) -> Bool {
    var type = type
    for _ in 0..<16 {
      if let name = module.types.name(type), module.names.hasSuffix(name, "3BPF9MapAnchorV") { return true }
      guard let first = module.types.members(type)?.first else { return false }
      type = first
    }
    return false
  }

  /// Whether a map is somewhere in a type.
  func holdsMap(_ type: IRTypeID, depth: Int = 0) -> Bool {
    if isMap(type) { return true }
    guard depth < 8, let members = module.types.members(type) else { return false }
    return members.contains { holdsMap($0, depth: depth + 1) }
  }

  /// The type of a setting's value, by its debug information: a struct that specifies `BPF.Setting`.
  private func settingType(_ type: UInt32) -> UInt32? {
    guard let specification = module.metadata.node(type, .specification),
      let name = module.metadata.string(specification, .name), module.names[name] == "Setting",
      let scope = module.metadata.node(specification, .scope), let scopeName = module.metadata.string(scope, .name),
      module.names[scopeName] == "BPF"
    else { return nil }
    return templateArguments(type).first
  }

  /// The types that a generic type's debug information names as its arguments.
  func templateArguments(_ type: UInt32) -> [UInt32] {
    var holder = type
    if module.metadata.node(type, .templateParams) == nil, let elements = module.metadata.node(type, .elements),
      let member = module.metadata.elements(elements).first, let inner = module.metadata.node(member, .baseType)
    {
      holder = inner
    }
    guard let parameters = module.metadata.node(holder, .templateParams) else { return [] }
    return module.metadata.elements(parameters).compactMap { module.metadata.node($0, .type) }
  }

  /// Whether a global stays although no code reads it.
  private func isKept(_ index: Int) -> Bool {
    guard let role = roles[module.globals[index].name] else { return false }
    switch role {
    case .map, .license, .setting, .operations, .variable: return true
    case .constant: return !module.globals[index].section.isEmpty
    }
  }

  // MARK: Bytes

  /// Makes the bytes of an object the initial value of a global.
  private mutating func commit(_ object: Evaluator.Object, to index: Int, _ evaluator: Evaluator) throws(LoweringError) {
    var pieces: [IROperand] = []
    var position = 0
    for (offset, pointer) in object.pointers.sorted(by: { $0.key < $1.key }) {
      if offset > position { pieces.append(constant(Array(object.bytes[position..<offset]), alignment: 1)) }
      let symbol = pointer.object < 0 ? pointer.symbol : evaluator.objects[pointer.object].symbol
      guard !symbol.isEmpty else {
        let name = sourceName(ofGlobal: index) ?? module.names[module.globals[index].name]
        throw error(
          "the global '\(name)' holds the address of something that is gone when its initializer ends",
          instead: "let it hold the value itself", atGlobal: index)
      }
      pieces.append(IROperand(.pointer, address(symbol, offset: pointer.offset)))
      position = offset + 8
    }
    if object.pointers.isEmpty {
      let whole = constant(object.bytes, alignment: Int(module.globals[index].alignment))
      module.globals[index].type = whole.type
      module.globals[index].initializer = whole.value
      return
    }
    if position < object.bytes.count { pieces.append(constant(Array(object.bytes[position...]), alignment: 1)) }
    module.globals[index].type = module.types.intern(.structure(pieces.map(\.type), packed: true))
    module.globals[index].initializer = module.add(IRConstant(.packedStructure, operands: pieces))
  }

  private mutating func address(_ symbol: IRName, offset: Int64) -> IRValue {
    if offset == 0 { return .global(symbol) }
    return module.add(
      IRConstant(
        .getelementptr, opcode: IRName(index: UInt32(IROpcode.getelementptr.rawValue)), words: words([.inbounds]), type: .i8,
        operands: [IROperand(.pointer, .global(symbol)), IROperand(.i64, .integer(offset))]))
  }

  /// Bytes as a constant: an integer where they are one, else an array.
  mutating func constant(_ bytes: [UInt8], alignment: Int) -> IROperand {
    if [1, 2, 4, 8].contains(bytes.count), alignment >= bytes.count {
      var number: UInt64 = 0
      for byte in bytes.reversed() { number = number << 8 | UInt64(byte) }
      let type = module.types.integer(UInt32(bytes.count * 8))
      let shift = UInt64(64 - bytes.count * 8)
      return IROperand(type, .integer(Int64(bitPattern: number << shift) >> Int64(shift)))
    }
    let type = module.types.intern(.array(count: UInt64(bytes.count), element: .i8))
    if bytes.allSatisfy({ $0 == 0 }) { return IROperand(type, .zero) }
    return IROperand(type, .literal(name(IRText.escaped(bytes))))
  }

  /// The bytes of a global's initial value up to a length, where they hold no addresses.
  func bytes(ofGlobal index: Int) -> [UInt8]? {
    var evaluator = Evaluator(module, function: { function($0) }, global: { global($0) })
    guard let object = try? evaluator.load(global: module.globals[index].name), evaluator.objects[object].pointers.isEmpty else {
      return nil
    }
    return evaluator.objects[object].bytes
  }
}
