extension LoweringUnit {
  /// Gives functions prototypes that BTF can say, and lines of the user's files only.
  ///
  /// What comes from modules loses its debug information: inlined, its instructions then count as part of the line that calls it. A location
  /// becomes the innermost one in the user's files.
  mutating func lowerDebugInformation() {
    for index in module.functions.indices where module.functions[index].isDefinition {
      let subprogram = newSubprogram(index)
      flattenLocations(index, subprogram)
      module.functions[index].subprogram = subprogram.map { Int32($0) }
    }
  }

  // MARK: Subprograms

  /// A new DISubprogram for a function: all that stay functions have one, of what is inlined only the user's.
  private mutating func newSubprogram(_ index: Int) -> UInt32? {
    let function = module.functions[index]
    let old = function.subprogram.map { UInt32($0) }
    let stays = isSubprogram(index)
    let isUser = isUserFunction(index)
    guard stays || isUser else { return nil }
    let file = (isUser ? old.flatMap { module.metadata.node($0, .file) } : nil) ?? mainFile
    let line = isUser ? old.flatMap { module.metadata.integer($0, .line) } ?? 0 : 0
    let isVisible = programOfFunction[index] != nil || globalFunctions.contains(index)
    let flags = isVisible ? "DISPFlagDefinition | DISPFlagOptimized" : "DISPFlagLocalToUnit | DISPFlagDefinition | DISPFlagOptimized"
    var fields: [IRMetadataField] = []
    fields.append(IRMetadataField(.name, .string(function.name)))
    fields.append(IRMetadataField(.scope, file.map { .node($0) } ?? .null))
    fields.append(IRMetadataField(.file, file.map { .node($0) } ?? .null))
    fields.append(IRMetadataField(.line, .integer(line)))
    fields.append(IRMetadataField(.type, .node(stays ? prototype(index) : plainPrototype())))
    fields.append(IRMetadataField(.scopeLine, .integer(line)))
    fields.append(IRMetadataField(.flags, .word(.DIFlagPrototyped)))
    fields.append(IRMetadataField(.spFlags, .word(name(flags))))
    fields.append(IRMetadataField(.unit, compileUnit.map { .node($0) } ?? .null))
    let node = module.metadata.add(.DISubprogram, fields, distinct: true)
    if stays, !function.parameters.isEmpty {
      module.metadata.set(node, .retainedNodes, .node(arguments(index, node, file: file, line: line)))
    }
    return node
  }

  /// The type of functions that nobody looks at.
  private mutating func plainPrototype() -> UInt32 {
    if let node = types.basic["()"] { return node }
    let list = module.metadata.addTuple([.null])
    let node = module.metadata.add(.DISubroutineType, [IRMetadataField(.types, .node(list))])
    types.basic["()"] = node
    return node
  }

  private mutating func prototype(_ index: Int) -> UInt32 {
    let function = module.functions[index]
    var list: [IRMetadataValue] = [debugType(function.result).map { .node($0) } ?? .null]
    for position in function.parameters.indices { list.append(.node(parameterType(index, position))) }
    let types = module.metadata.addTuple(list)
    return module.metadata.add(.DISubroutineType, [IRMetadataField(.types, .node(types))])
  }

  /// The names of arguments: those of the source where it has them.
  private mutating func arguments(_ index: Int, _ scope: UInt32, file: UInt32?, line: Int64) -> UInt32 {
    let function = module.functions[index]
    var names: [Int64: String] = [:]
    if let old = function.subprogram, let nodes = module.metadata.node(UInt32(old), .retainedNodes) {
      for node in module.metadata.elements(nodes) {
        guard let number = module.metadata.integer(node, .arg), let text = module.metadata.string(node, .name) else { continue }
        names[number] = module.names[text]
      }
    }
    var list: [IRMetadataValue] = []
    var taken: Set<String> = []
    for position in function.parameters.indices {
      var shown = names[Int64(position + 1)].map { Self.identifier($0) } ?? (programOfFunction[index] != nil ? "ctx" : "a\(position + 1)")
      if function.parameters[position].name == name("bpf.flag") { shown = "failed" }
      while !taken.insert(shown).inserted { shown += "_" }
      let node = module.metadata.add(
        .DILocalVariable,
        [
          IRMetadataField(.name, .string(name(shown))), IRMetadataField(.arg, .integer(Int64(position + 1))),
          IRMetadataField(.scope, .node(scope)), IRMetadataField(.file, file.map { .node($0) } ?? .null),
          IRMetadataField(.line, .integer(line)), IRMetadataField(.type, .node(parameterType(index, position))),
        ])
      list.append(.node(node))
    }
    return module.metadata.addTuple(list)
  }

  private mutating func parameterType(_ index: Int, _ position: Int) -> UInt32 {
    let parameter = module.functions[index].parameters[position]
    guard module.types.isPointer(parameter.type) else {
      // A pointer that may be nil is a number to Swift.
      if parameter.type == .i64, let target = pointee(index, position, isReference: false) { return pointerType(to: target) }
      return debugType(parameter.type) ?? basicType("unsigned long long", size: 8, encoding: .DW_ATE_unsigned)
    }
    if parameter.name == name("bpf.flag") {
      return pointerType(to: basicType("unsigned char", size: 1, encoding: .DW_ATE_unsigned_char))
    }
    if let program = programOfFunction[index], position == 0 { return contextType(section: programs[program].section) }
    if let target = pointee(index, position, isReference: true) { return pointerType(to: target) }
    return pointerType(to: nil)
  }

  /// What a pointer parameter points to, by the type of the argument in the source: T for `UnsafePointer<T>` and for `inout T`, the
  /// kernel's struct for a context.
  private mutating func pointee(_ index: Int, _ position: Int, isReference: Bool) -> UInt32? {
    guard let old = module.functions[index].subprogram, let nodes = module.metadata.node(UInt32(old), .retainedNodes) else { return nil }
    for node in module.metadata.elements(nodes) where module.metadata.integer(node, .arg) == Int64(position + 1) {
      guard let type = module.metadata.node(node, .type) else { return nil }
      return pointee(ofType: type, isReference: isReference, depth: 0)
    }
    return nil
  }

  private mutating func pointee(ofType type: UInt32, isReference: Bool, depth: Int) -> UInt32? {
    guard depth < 8 else { return nil }
    if module.metadata.kind(type) == .DIDerivedType, let base = module.metadata.node(type, .baseType) {
      return pointee(ofType: base, isReference: isReference, depth: depth + 1)
    }
    let specification = module.metadata.node(type, .specification)
    let name = module.metadata.string(specification ?? type, .name).map { module.names[$0] } ?? ""
    if name == "UnsafePointer" || name == "UnsafeMutablePointer" || name == "Optional" {
      guard let argument = templateArguments(type).first else { return nil }
      return name == "Optional" ? pointee(ofType: argument, isReference: false, depth: depth + 1) : cType(argument)?.node
    }
    if let elements = module.metadata.node(type, .elements) {
      let members = module.metadata.elements(elements)
      if members.count == 1, let inner = module.metadata.node(members[0], .baseType),
        let found = pointee(ofType: inner, isReference: false, depth: depth + 1)
      {
        return found
      }
    }
    return isReference ? cType(type)?.node : nil
  }

  /// The type of a value by the IR alone.
  private mutating func debugType(_ type: IRTypeID) -> UInt32? {
    if type == .void { return nil }
    if module.types.isPointer(type) { return pointerType(to: nil) }
    switch module.types.bits(type) ?? 64 {
    case 1: return basicType("_Bool", size: 1, encoding: .DW_ATE_boolean)
    case 8: return integerType(bits: 8, signed: false)?.node
    case 16: return integerType(bits: 16, signed: false)?.node
    case 32: return integerType(bits: 32, signed: true)?.node
    default: return integerType(bits: 64, signed: false)?.node
    }
  }

  // MARK: Lines

  private mutating func flattenLocations(_ index: Int, _ subprogram: UInt32?) {
    var known: [Int32: Int32] = [:]
    var last: Int32 = -1
    let ownFile = subprogram.flatMap { module.metadata.node($0, .file) }
    for block in module.functions[index].blocks.indices {
      for position in module.functions[index].blocks[block].instructions.indices {
        let location = module.functions[index].blocks[block].instructions[position].location
        var new: Int32 = -1
        if let subprogram {
          if let seen = known[location] {
            new = seen
          } else {
            new = flat(location, subprogram, ownFile)
            known[location] = new
          }
          // A call inside a function with debug information must have a place.
          if new < 0, module.functions[index].blocks[block].instructions[position].opcode == .call {
            if last < 0 { last = locationNode(line: 0, column: 0, scope: subprogram) }
            new = last
          }
        }
        module.functions[index].blocks[block].instructions[position].location = new
        let attachments = module.functions[index].blocks[block].instructions[position].attachments
        if !attachments.isEmpty {
          module.functions[index].blocks[block].instructions[position].attachments = attachments.filter { !isDebugAttachment($0.kind) }
        }
      }
    }
  }

  private func isDebugAttachment(_ kind: IRName) -> Bool {
    module.names.hasPrefix(kind, "heapallocsite") || module.names.hasPrefix(kind, "DIAssignID")
  }

  private mutating func flat(_ location: Int32, _ subprogram: UInt32, _ ownFile: UInt32?) -> Int32 {
    guard let place = userLocation(location) else { return -1 }
    var scope = subprogram
    if place.file != ownFile {
      scope = module.metadata.add(
        .DILexicalBlockFile,
        [
          IRMetadataField(.scope, .node(subprogram)), IRMetadataField(.file, .node(place.file)),
          IRMetadataField(.discriminator, .integer(0)),
        ])
    }
    return locationNode(line: place.line, column: place.column, scope: scope)
  }

  private mutating func locationNode(line: Int64, column: Int64, scope: UInt32) -> Int32 {
    let node = module.metadata.add(
      .DILocation,
      [
        IRMetadataField(.line, .integer(line)), IRMetadataField(.column, .integer(column)), IRMetadataField(.scope, .node(scope)),
      ])
    return Int32(node)
  }
}
