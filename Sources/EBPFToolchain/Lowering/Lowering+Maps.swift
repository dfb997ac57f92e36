extension LoweringUnit {
  /// Turns each map's global into what loaders look for in section `.maps`: a variable whose type says the map (libbpf's `bpf_helpers.h`,
  /// `__uint` and `__type`): numbers as pointers to arrays of that length, types as pointers to them.
  mutating func lowerMaps() throws(LoweringError) {
    var names: [String: Int] = [:]
    for index in module.globals.indices where roles[module.globals[index].name] == .map && keptGlobals.contains(index) {
      let symbol = module.globals[index].name
      let name = sourceName(ofGlobal: index) ?? module.names[symbol]
      guard let bytes = bytes(ofGlobal: index), let definition = MapDefinitionRecord(bytes) else {
        throw error(
          "the map '\(name)' has no definition that is known at compile time",
          instead: "declare it with its size: let \(name) = HashMap<Key, Value>(maxEntries: 1024)", atGlobal: index)
      }
      guard definition.type != 0 else {
        throw error(
          "the map '\(name)' has no initial value",
          instead: "declare it with its size: let \(name) = HashMap<Key, Value>(maxEntries: 1024)",
          atGlobal: index)
      }
      if let other = names.updateValue(index, forKey: name) {
        let line = debugVariable(other).flatMap { module.metadata.integer($0, .line) } ?? 0
        problems.append(
          error(
            "a second map is called '\(name)'; the first is in line \(line)",
            instead: "give it another name: the application and the kernel know a map by it", atGlobal: index))
      } else if let (what, instead) = definition.problem {
        problems.append(error("the map '\(name)' \(what)", instead: instead, atGlobal: index))
      }
      let (structure, size) = mapType(definition, index)
      let type = module.types.intern(.array(count: UInt64(size / 8), element: .pointer))
      module.globals[index].type = type
      module.globals[index].initializer = .zero
      module.globals[index].isConstant = false
      module.globals[index].prefix = words([.dso_local])
      module.globals[index].section = self.name(".maps")
      module.globals[index].alignment = 8
      setDebugVariable(index, name: name, type: structure)
      renamed.append((symbol, name))
    }
    try throwProblems()
  }

  /// The struct that describes a map, and its size in bytes.
  private mutating func mapType(_ definition: MapDefinitionRecord, _ index: Int) -> (UInt32, Int) {
    var members = MapMembers()
    addNumber("type", definition.type, &members)
    let arguments = debugVariable(index).flatMap { module.metadata.node($0, .type) }.map { typeArguments($0) } ?? []
    addTypes(definition.keySize, definition.valueSize, arguments, &members)
    addNumber("max_entries", definition.maxEntries, &members)
    if definition.flags != 0 { addNumber("map_flags", definition.flags, &members) }
    if definition.pinning != 0 { addNumber("pinning", definition.pinning, &members) }
    // BPF_F_NUMA_NODE says that the node counts, 0 too.
    if definition.flags & 4 != 0 { addNumber("numa_node", definition.numaNode, &members) }
    if definition.extra != 0, let extra = UInt32(exactly: definition.extra) { addNumber("map_extra", extra, &members) }
    if definition.innerType != 0 {
      var inner = MapMembers()
      addNumber("type", definition.innerType, &inner)
      let argument = arguments.last.flatMap { type(ofArgument: $0) }.map { typeArguments($0) } ?? []
      addTypes(definition.innerKeySize, definition.innerValueSize, argument, &inner, isInner: true)
      addNumber("max_entries", definition.innerMaxEntries, &inner)
      if definition.innerFlags != 0 { addNumber("map_flags", definition.innerFlags, &inner) }
      let pointer = pointerType(to: structureType("", inner.members, size: inner.size))
      let array = arrayType(of: pointer, count: -1, size: 0)
      members.members.append(member("values", array, size: 0, offset: members.size))
    } else if isProgramArray(definition.type) {
      // No types: programs are put in by number.
    }
    return (structureType("", members.members, size: members.size), members.size)
  }

  private func isProgramArray(_ type: UInt32) -> Bool { type == 3 }

  private struct MapMembers {
    var members: [UInt32] = []
    /// In bytes.
    var size = 0
  }

  private mutating func addNumber(_ name: String, _ number: UInt32, _ members: inout MapMembers) {
    let array = arrayType(of: basicType("int", size: 4, encoding: .DW_ATE_signed), count: Int64(number), size: 4 * Int(number))
    addPointer(name, array, &members)
  }

  private mutating func addPointer(_ name: String, _ type: UInt32, _ members: inout MapMembers) {
    members.members.append(member(name, pointerType(to: type), size: 8, offset: members.size))
    members.size += 8
  }

  /// Key and value: as types where the source has types of these sizes, else as sizes.
  private mutating func addTypes(
    _ keySize: UInt32, _ valueSize: UInt32, _ arguments: [UInt32], _ members: inout MapMembers, isInner: Bool = false
  ) {
    var key: UInt32? =
      switch arguments.count {
      case 2: sized(arguments[0], keySize)
      case 1 where keySize == 4: basicType("unsigned int", size: 4, encoding: .DW_ATE_unsigned)
      default: nil
      }
    var value = arguments.last.flatMap { sized($0, valueSize) }
    if isInner {
      key = key.map { whole($0) }
      value = value.map { whole($0) }
    }
    // Loaders take either two types or two sizes only in so far as the kernel takes them: a key without a value's type is of no use.
    if let key, keySize != 0 { addPointer("key", key, &members) } else if keySize != 0 { addNumber("key_size", keySize, &members) }
    if let value, valueSize != 0 {
      addPointer("value", value, &members)
    } else if valueSize != 0 {
      addNumber("value_size", valueSize, &members)
    }
  }

  /// The C-shaped type of a type argument, if elements of it are this many bytes apart.
  private mutating func sized(_ argument: UInt32, _ size: UInt32) -> UInt32? {
    guard size > 0, let type = cType(argument), type.stride == Int(size) else { return nil }
    return type.node
  }

  /// A struct as it must be named in the description of an inner map: clang's back end makes a declaration without fields of a named struct behind
  /// a pointer in a struct, so the name stands before a struct without one.
  private mutating func whole(_ type: UInt32) -> UInt32 {
    guard module.metadata.kind(type) == .DICompositeType, let name = module.metadata.string(type, .name) else { return type }
    let tag = module.metadata.word(type, .tag)
    guard tag == .DW_TAG_structure_type || tag == .DW_TAG_union_type else { return type }
    let fields = module.metadata.fields(type).filter { $0.name != .name }
    let unnamed = module.metadata.add(.DICompositeType, Array(fields), distinct: true)
    return module.metadata.add(
      .DIDerivedType,
      [
        IRMetadataField(.tag, .word(.DW_TAG_typedef)), IRMetadataField(.name, .string(name)),
        IRMetadataField(.file, mainFile.map { .node($0) } ?? .null), IRMetadataField(.baseType, .node(unnamed)),
      ])
  }

  private func type(ofArgument argument: UInt32) -> UInt32? { argument }

  /// The type arguments of a map's type, through `const`.
  private func typeArguments(_ type: UInt32) -> [UInt32] {
    var type = type
    while module.metadata.kind(type) == .DIDerivedType, let base = module.metadata.node(type, .baseType) { type = base }
    return templateArguments(type)
  }
}
