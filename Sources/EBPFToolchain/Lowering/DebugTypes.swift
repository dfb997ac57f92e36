/// A type as BTF can say it, made from what Swift's debug information says.
struct CType {
  /// The node. Its size is `stride`.
  var node: UInt32
  /// Bytes without padding at the end: what Swift puts behind a value may begin there.
  var size: Int
  var alignment: Int
  /// The members of a struct, to make it again without its padding.
  var members: [UInt32] = []
  var name = ""

  var stride: Int { max(1, (size + alignment - 1) / alignment * alignment) }
}

/// The C-shaped types that were made.
struct DebugTypes {
  var known: [UInt32: CType] = [:]
  var unknown: Set<UInt32> = []
  var basic: [String: UInt32] = [:]
  var pointers: [UInt32: UInt32] = [:]
  var void: UInt32?
}

// MARK: Nodes

extension LoweringUnit {
  mutating func basicType(_ name: String, size: Int, encoding: IRName) -> UInt32 {
    if let node = types.basic[name] { return node }
    let node = module.metadata.add(
      .DIBasicType,
      [
        IRMetadataField(.name, .string(self.name(name))), IRMetadataField(.size, .integer(Int64(size * 8))),
        IRMetadataField(.encoding, .word(encoding)),
      ])
    types.basic[name] = node
    return node
  }

  /// A pointer; to nothing named: `void *`.
  mutating func pointerType(to target: UInt32?) -> UInt32 {
    if let target, let node = types.pointers[target] { return node }
    if target == nil, let node = types.void { return node }
    let node = module.metadata.add(
      .DIDerivedType,
      [
        IRMetadataField(.tag, .word(.DW_TAG_pointer_type)), IRMetadataField(.baseType, target.map { .node($0) } ?? .null),
        IRMetadataField(.size, .integer(64)),
      ])
    if let target { types.pointers[target] = node } else { types.void = node }
    return node
  }

  mutating func arrayType(of element: UInt32, count: Int64, size: Int) -> UInt32 {
    let range = module.metadata.add(.DISubrange, [IRMetadataField(.count, .integer(count))])
    let ranges = module.metadata.addTuple([.node(range)])
    return module.metadata.add(
      .DICompositeType,
      [
        IRMetadataField(.tag, .word(.DW_TAG_array_type)), IRMetadataField(.baseType, .node(element)),
        IRMetadataField(.size, .integer(Int64(size * 8))), IRMetadataField(.elements, .node(ranges)),
      ])
  }

  /// A member of a struct; offset and size in bytes.
  mutating func member(_ name: String, _ type: UInt32, size: Int, offset: Int) -> UInt32 {
    module.metadata.add(
      .DIDerivedType,
      [
        IRMetadataField(.tag, .word(.DW_TAG_member)), IRMetadataField(.name, .string(self.name(name))),
        IRMetadataField(.file, mainFile.map { .node($0) } ?? .null), IRMetadataField(.baseType, .node(type)),
        IRMetadataField(.size, .integer(Int64(size * 8))), IRMetadataField(.offset, .integer(Int64(offset * 8))),
      ])
  }

  mutating func structureType(_ name: String, _ members: [UInt32], size: Int, tag: IRName = .DW_TAG_structure_type) -> UInt32 {
    let elements = module.metadata.addTuple(members.map { .node($0) })
    var fields = [IRMetadataField(.tag, .word(tag))]
    if !name.isEmpty { fields.append(IRMetadataField(.name, .string(self.name(name)))) }
    fields.append(IRMetadataField(.file, mainFile.map { .node($0) } ?? .null))
    fields.append(IRMetadataField(.size, .integer(Int64(size * 8))))
    fields.append(IRMetadataField(.elements, .node(elements)))
    // Structs without a name are told apart by being distinct.
    return module.metadata.add(.DICompositeType, fields, distinct: name.isEmpty)
  }

  /// A struct of bytes: for what C cannot say.
  mutating func opaqueType(_ name: String, size: Int) -> UInt32 {
    let byte = basicType("unsigned char", size: 1, encoding: .DW_ATE_unsigned_char)
    let array = arrayType(of: byte, count: Int64(size), size: size)
    return structureType(name, [member("bytes", array, size: size, offset: 0)], size: size)
  }

  /// An integer type by its width.
  mutating func integerType(bits: Int, signed: Bool) -> CType? {
    switch (bits, signed) {
    case (8, false): CType(node: basicType("unsigned char", size: 1, encoding: .DW_ATE_unsigned_char), size: 1, alignment: 1)
    case (8, true): CType(node: basicType("signed char", size: 1, encoding: .DW_ATE_signed_char), size: 1, alignment: 1)
    case (16, false): CType(node: basicType("unsigned short", size: 2, encoding: .DW_ATE_unsigned), size: 2, alignment: 2)
    case (16, true): CType(node: basicType("short", size: 2, encoding: .DW_ATE_signed), size: 2, alignment: 2)
    case (32, false): CType(node: basicType("unsigned int", size: 4, encoding: .DW_ATE_unsigned), size: 4, alignment: 4)
    case (32, true): CType(node: basicType("int", size: 4, encoding: .DW_ATE_signed), size: 4, alignment: 4)
    case (64, false): CType(node: basicType("unsigned long long", size: 8, encoding: .DW_ATE_unsigned), size: 8, alignment: 8)
    case (64, true): CType(node: basicType("long long", size: 8, encoding: .DW_ATE_signed), size: 8, alignment: 8)
    case (128, false): CType(node: basicType("unsigned __int128", size: 16, encoding: .DW_ATE_unsigned), size: 16, alignment: 16)
    case (128, true): CType(node: basicType("__int128", size: 16, encoding: .DW_ATE_signed), size: 16, alignment: 16)
    default: nil
    }
  }
}
