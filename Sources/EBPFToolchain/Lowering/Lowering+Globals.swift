extension LoweringUnit {
  /// Gives variables and settings their names and types for user space, and their sections.
  ///
  /// A `var` lies in `.data` or `.bss` (clang's choice), a setting in `.rodata`; what has a section keeps it. Both are visible symbols, so that
  /// the optimiser neither deletes what only user space reads nor takes an initial value for granted.
  mutating func lowerGlobals() throws(LoweringError) {
    for index in module.globals.indices where keptGlobals.contains(index) {
      let symbol = module.globals[index].name
      guard let role = roles[symbol] else { continue }
      let name = sourceName(ofGlobal: index) ?? module.names[symbol]
      switch role {
      case .map, .license, .operations: continue
      case .setting(let type):
        module.globals[index].isConstant = true
        try expose(index, name, type)
      case .variable, .constant:
        try expose(index, name, debugVariable(index).flatMap { module.metadata.node($0, .type) })
      }
    }
    for index in module.globals.indices where roles[module.globals[index].name] == .constant { module.globals[index].isConstant = true }
    // What else stays carries no debug information: it would be BTF of Swift's own shapes.
    for index in module.globals.indices where !debugVariables.contains(where: { Int32($0) == module.globals[index].debug }) {
      module.globals[index].attachments.removeAll { $0.kind == .dbg }
    }
  }

  private mutating func expose(_ index: Int, _ name: String, _ type: UInt32?) throws(LoweringError) {
    module.globals[index].prefix = words([.dso_local])
    // The assembler takes no symbol of a section's name.
    let plain = module.names[module.globals[index].section] == name ? "_\(name)" : name
    let name = unusedName(Self.identifier(plain), ofGlobal: index)
    renamed.append((module.globals[index].name, name))
    let type = type.flatMap { cType($0) }
    let size = module.types.layout(module.globals[index].type)?.size ?? 0
    guard size > 0 else {
      throw error("the variable '\(name)' has no size", instead: "give it a type with stored properties", atGlobal: index)
    }
    if let type, type.stride > size {
      // User space sees elements as Swift lays them out in arrays: with the padding at the end.
      let padding = module.types.intern(.array(count: UInt64(type.stride - size), element: .i8))
      let inner = IROperand(module.globals[index].type, module.globals[index].initializer ?? .zero)
      module.globals[index].type = module.types.intern(.structure([inner.type, padding], packed: true))
      module.globals[index].initializer =
        inner.value == .zero ? .zero : module.add(IRConstant(.packedStructure, operands: [inner, IROperand(padding, .zero)]))
    }
    let fits = type.map { $0.stride <= max(size, $0.stride) } == true
    let node = fits ? type!.node : opaqueType("", size: size)
    setDebugVariable(index, name: name, type: node)
  }

  /// The name of a variable; of a second one of the name with the type in front that it is a member of, or with a number.
  private func unusedName(_ name: String, ofGlobal index: Int) -> String {
    let taken = Set(renamed.map(\.name))
    guard taken.contains(name) else { return name }
    var candidate = name
    // `$e4main8OutgoingO7packets…`: module, type, name.
    if let link = debugVariable(index).flatMap({ module.metadata.string($0, .linkageName) }) {
      let names = Self.names(inSymbol: module.names[link]).names
      if names.count > 2 { candidate = Self.identifier(names.dropFirst().prefix { $0 != name }.joined(separator: "_") + "_\(name)") }
    }
    var number = 2
    while taken.contains(candidate) {
      candidate = "\(name)_\(number)"
      number += 1
    }
    return candidate
  }

  /// Gives a global a DIGlobalVariable of a C-shaped type.
  mutating func setDebugVariable(_ index: Int, name: String, type: UInt32) {
    let old = debugVariable(index)
    let file = old.flatMap { module.metadata.node($0, .file) } ?? mainFile
    let line = old.flatMap { module.metadata.integer($0, .line) } ?? 0
    let variable = module.metadata.add(
      .DIGlobalVariable,
      [
        IRMetadataField(.name, .string(self.name(name))),
        IRMetadataField(.scope, compileUnit.map { .node($0) } ?? .null),
        IRMetadataField(.file, file.map { .node($0) } ?? .null),
        IRMetadataField(.line, .integer(line)),
        IRMetadataField(.type, .node(type)),
        IRMetadataField(.isLocal, .word(.false)),
        IRMetadataField(.isDefinition, .word(.true)),
      ], distinct: true)
    let expression = module.metadata.addInline(.DIExpression, [])
    let node = module.metadata.add(
      .DIGlobalVariableExpression, [IRMetadataField(.var, .node(variable)), IRMetadataField(.expr, .inline(expression))])
    module.globals[index].attachments.removeAll { $0.kind == .dbg }
    module.globals[index].attachments.append(IRAttachment(kind: .dbg, node: .node(node)))
    debugVariables.append(node)
  }
}
