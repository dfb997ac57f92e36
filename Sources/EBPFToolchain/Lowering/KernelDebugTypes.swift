internal import EBPFBTF

/// The kernel's types that accesses need, on their way to the object's BTF: of each structure the members that are used, in their order, at
/// their places. What is only pointed to is a forward declaration.
struct KernelDebugTypes {
  struct Structure {
    var node: UInt32
    /// Numbers of the members that are used.
    var members: Set<Int> = []
    var added: [String: UInt32] = [:]
    /// Whether it is more than pointed to.
    var isDefined = false
    /// The typedef that gives it its name.
    var typedef: UInt32?

    /// The members as the object numbers them.
    var order: [Int] { members.sorted() }
    var addedOrder: [String] { added.keys.sorted() }
  }

  let references: KernelReferences
  /// Whether it is still found out which members are used.
  var isCollecting = true
  var btf: BTF { references.btf }
  var structures: [KernelStructure: Structure] = [:]
  /// The structures in the order in which they were met.
  var met: [KernelStructure] = []
  var arrays: [BTF.TypeID: UInt32] = [:]
  /// Enumerations: node and the enumerators that are asked for.
  var enumerations: [KernelStructure: (node: UInt32, names: Set<String>)] = [:]
  var metEnumerations: [KernelStructure] = []
  /// Functions that stand for accesses.
  var functions: [KernelAccess: IRName] = [:]
  /// By structure: the members that the verifier takes for pointers that are never null.
  var trusted: [BTF.TypeID: Set<String>] = [:]
  /// The sequence numbers of questions about types.
  var sequence: Int64 = 0
}

extension LoweringUnit {
  /// The structure of a type's number, under its own name.
  func kernelStructure(_ id: BTF.TypeID) -> KernelStructure {
    KernelStructure(id: id, name: kernel!.btf.type(id)?.name ?? "")
  }

  /// Whether the verifier takes a member for a pointer that is never null: the kernel's types have lists of these, under the structure's
  /// name with `__safe_rcu` or `__safe_trusted` behind it (`BTF_TYPE_SAFE_RCU`, `kernel/bpf/verifier.c`).
  mutating func isTrusted(_ step: KernelPath.Step?) -> Bool {
    guard case .member(let structure, let index)? = step, let type = kernel!.btf.type(structure.id), !structure.name.isEmpty else {
      return false
    }
    if kernel!.trusted[type.id] == nil {
      let names: Set = ["\(type.name)__safe_rcu", "\(type.name)__safe_trusted"]
      var members: Set<String> = []
      for (_, id) in kernel!.btf.types(kernel!.btf.ownTypes(of: [.structure]), named: names) {
        members.formUnion(kernel!.btf.namedMembers(of: id).map(\.name))
      }
      kernel!.trusted[type.id] = members
    }
    return kernel!.trusted[type.id]!.contains(kernel!.btf.string(at: type.memberLayout(at: index).nameOffset) ?? "")
  }

  /// Says that a structure's member is used.
  mutating func use(_ step: KernelPath.Step) {
    switch step {
    case .member(let structure, let index):
      define(structure)
      kernel!.structures[structure]!.members.insert(index)
    case .added(let structure, let name, let code):
      define(structure)
      kernel!.structures[structure]!.added[name] = code
    case .element: break
    }
  }

  /// The node of a structure, with a definition.
  @discardableResult
  mutating func define(_ structure: KernelStructure) -> UInt32 {
    let node = node(of: structure)
    kernel!.structures[structure]!.isDefined = true
    return node
  }

  /// The node that an access of a structure names: a typedef where that has the name.
  func accessNode(_ structure: KernelStructure, isRoot: Bool) -> UInt32 {
    let known = kernel!.structures[structure]!
    return isRoot ? known.typedef ?? known.node : known.node
  }

  /// The number of a step's member among those that the object has.
  func objectIndex(_ step: KernelPath.Step) -> Int {
    switch step {
    case .member(let structure, let index): kernel!.structures[structure]!.order.firstIndex(of: index)!
    case .added(let structure, let name, _):
      kernel!.structures[structure]!.members.count + kernel!.structures[structure]!.addedOrder.firstIndex(of: name)!
    case .element(_, let index): index
    }
  }

  private mutating func node(of structure: KernelStructure) -> UInt32 {
    if let known = kernel!.structures[structure] { return known.node }
    let isUnion = kernel!.btf.type(structure.id)?.kind == .union
    var fields = [IRMetadataField(.tag, .word(isUnion ? .DW_TAG_union_type : .DW_TAG_structure_type))]
    if !structure.name.isEmpty, !structure.isTypedef { fields.append(IRMetadataField(.name, .string(name(structure.name)))) }
    fields.append(IRMetadataField(.file, mainFile.map { .node($0) } ?? .null))
    let node = module.metadata.add(.DICompositeType, fields, distinct: true)
    var known = KernelDebugTypes.Structure(node: node)
    if structure.isTypedef {
      known.typedef = module.metadata.add(
        .DIDerivedType,
        [
          IRMetadataField(.tag, .word(.DW_TAG_typedef)), IRMetadataField(.name, .string(name(structure.name))),
          IRMetadataField(.file, mainFile.map { .node($0) } ?? .null), IRMetadataField(.baseType, .node(node)),
        ])
    }
    kernel!.structures[structure] = known
    kernel!.met.append(structure)
    return node
  }

  /// The node of a type; nothing for `void`.
  mutating func kernelNode(_ id: BTF.TypeID, isPointedTo: Bool = false, depth: Int = 0) -> UInt32? {
    guard let type = kernel!.btf.resolve(id), depth < 24 else { return nil }
    switch type.kind {
    case .int:
      guard let encoding = type.integer, let size = type.statedSize else { return nil }
      let word: IRName =
        encoding.isBoolean
        ? .DW_ATE_boolean
        : type.name == "char"
          ? .DW_ATE_signed_char
          : encoding.isSigned ? .DW_ATE_signed : size == 1 ? .DW_ATE_unsigned_char : .DW_ATE_unsigned
      return basicType(type.name, size: size, encoding: word)
    case .float: return basicType(type.name, size: type.statedSize ?? 8, encoding: name("DW_ATE_float"))
    case .pointer:
      return pointerType(to: kernelNode(type.target, isPointedTo: true, depth: depth + 1))
    case .structure, .union:
      let structure = kernelStructure(type.id)
      return isPointedTo && !structure.name.isEmpty ? node(of: structure) : define(structure)
    case .array: return kernelArray(type, depth: depth)
    case .enumeration, .enumeration64: return kernelEnumeration(KernelStructure(id: type.id, name: type.name))
    case .forward:
      let structure = KernelStructure(id: type.id, name: type.name)
      return node(of: structure)
    case .functionPrototype:
      var list: [IRMetadataValue] = [kernelNode(type.target, depth: depth + 1).map { .node($0) } ?? .null]
      for parameter in type.parameterTypes { list.append(kernelNode(parameter, depth: depth + 1).map { .node($0) } ?? .null) }
      let types = module.metadata.addTuple(list)
      return module.metadata.add(.DISubroutineType, [IRMetadataField(.types, .node(types))])
    default: return nil
    }
  }

  mutating func kernelArray(_ type: BTFType, depth: Int = 0) -> UInt32 {
    if let node = kernel!.arrays[type.id] { return node }
    let element = kernelNode(type.target, depth: depth + 1) ?? integerType(bits: 8, signed: false)!.node
    let node = arrayType(of: element, count: Int64(type.arrayCount), size: kernel!.btf.size(of: type.id) ?? 0)
    kernel!.arrays[type.id] = node
    return node
  }

  /// The node of an enumeration, whose enumerators come at the end.
  mutating func kernelEnumeration(_ enumeration: KernelStructure) -> UInt32 {
    if let known = kernel!.enumerations[enumeration] { return known.node }
    let type = kernel!.btf.type(enumeration.id)
    let size = type?.statedSize ?? 4
    var fields = [IRMetadataField(.tag, .word(.DW_TAG_enumeration_type))]
    if !enumeration.name.isEmpty { fields.append(IRMetadataField(.name, .string(name(enumeration.name)))) }
    fields.append(IRMetadataField(.file, mainFile.map { .node($0) } ?? .null))
    fields.append(IRMetadataField(.baseType, .node(integerType(bits: size * 8, signed: type?.isSignedEnumeration ?? false)!.node)))
    fields.append(IRMetadataField(.size, .integer(Int64(size * 8))))
    let node = module.metadata.add(.DICompositeType, fields)
    kernel!.enumerations[enumeration] = (node, [])
    kernel!.metEnumerations.append(enumeration)
    return node
  }

  // MARK: The end

  /// Gives structures and enumerations their members, when all that are used are known.
  mutating func completeKernelTypes() {
    var lists: [[UInt32]] = []
    var index = 0
    // Members bring structures of their own.
    while index < kernel!.met.count {
      lists.append(members(of: kernel!.met[index]))
      index += 1
    }
    for (structure, members) in zip(kernel!.met, lists) {
      let known = kernel!.structures[structure]!
      guard known.isDefined else {
        module.metadata.set(known.node, .flags, .word(.DIFlagFwdDecl))
        continue
      }
      var size = kernel!.btf.type(structure.id)?.statedSize ?? 0
      if !known.added.isEmpty { size = (size + 7) / 8 * 8 + known.added.count * 8 }
      let elements = module.metadata.addTuple(members.map { .node($0) })
      module.metadata.set(known.node, .size, .integer(Int64(size * 8)))
      module.metadata.set(known.node, .elements, .node(elements))
    }
    for enumeration in kernel!.metEnumerations {
      let (node, names) = kernel!.enumerations[enumeration]!
      let values = kernel!.btf.type(enumeration.id)?.enumerators ?? []
      var list: [IRMetadataValue] = []
      for text in names.sorted() {
        let value = values.first { $0.name == text }?.value ?? 0
        list.append(
          .node(
            module.metadata.add(
              .DIEnumerator, [IRMetadataField(.name, .string(name(text))), IRMetadataField(.value, .integer(value))])))
      }
      let elements = module.metadata.addTuple(list)
      module.metadata.set(node, .elements, .node(elements))
    }
  }

  private mutating func members(of structure: KernelStructure) -> [UInt32] {
    let known = kernel!.structures[structure]!
    var result: [UInt32] = []
    let type = kernel!.btf.type(structure.id)
    for index in known.order {
      guard let type else { break }
      let layout = type.memberLayout(at: index)
      let label = kernel!.btf.string(at: layout.nameOffset) ?? ""
      let node = kernelNode(layout.typeID) ?? integerType(bits: 8, signed: false)!.node
      let bits = layout.bitFieldSize > 0 ? layout.bitFieldSize : (kernel!.btf.size(of: layout.typeID) ?? 0) * 8
      var fields = memberFields(label, node, scope: known.node, bits: bits, offset: layout.bitOffset)
      if layout.bitFieldSize > 0 {
        // The storage is as large as the type, at a multiple of its size.
        let storage = (kernel!.btf.size(of: layout.typeID) ?? 4) * 8
        fields.append(IRMetadataField(.flags, .word(name("DIFlagBitField"))))
        fields.append(IRMetadataField(.extraData, .value(.i64, .integer(Int64(layout.bitOffset / storage * storage)))))
      }
      result.append(module.metadata.add(.DIDerivedType, fields))
    }
    let start = ((type?.statedSize ?? 0) + 7) / 8 * 8
    for (position, label) in known.addedOrder.enumerated() {
      let code = known.added[label]!
      let bits = Int(code & 0xf) * 8
      let node =
        code & 256 != 0
        ? pointerType(to: nil)
        : code & 128 != 0
          ? basicType("_Bool", size: 1, encoding: .DW_ATE_boolean) : integerType(bits: bits, signed: code & 64 != 0)!.node
      result.append(
        module.metadata.add(
          .DIDerivedType, memberFields(label, node, scope: known.node, bits: bits, offset: (start + position * 8) * 8)))
    }
    return result
  }

  private mutating func memberFields(_ label: String, _ type: UInt32, scope: UInt32, bits: Int, offset: Int) -> [IRMetadataField] {
    var fields = [IRMetadataField(.tag, .word(.DW_TAG_member))]
    if !label.isEmpty { fields.append(IRMetadataField(.name, .string(name(label)))) }
    fields.append(IRMetadataField(.scope, .node(scope)))
    fields.append(IRMetadataField(.file, mainFile.map { .node($0) } ?? .null))
    fields.append(IRMetadataField(.baseType, .node(type)))
    fields.append(IRMetadataField(.size, .integer(Int64(bits))))
    fields.append(IRMetadataField(.offset, .integer(Int64(offset))))
    return fields
  }
}
