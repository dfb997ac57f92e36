extension LoweringUnit {
  /// Gives each kernel function that is called a prototype in BTF: loaders look for the kernel's function by name and compare the prototypes.
  mutating func declareKernelFunctions() {
    for index in module.functions.indices where !module.functions[index].isDefinition {
      let function = module.functions[index]
      guard !function.section.isEmpty, module.names[function.section] == ".ksyms" else { continue }
      let old = function.subprogram.flatMap { module.metadata.node(UInt32($0), .type) }.flatMap { module.metadata.node($0, .types) }
      var list: [IRMetadataValue] = []
      let symbol = module.names[function.name]
      if let text = options.kernelFunctions[symbol] ?? KernelFunctionPrototype.known[symbol],
        let prototype = KernelFunctionPrototype(text), prototype.parameters.count == function.parameters.count
      {
        for piece in [prototype.result] + prototype.parameters { list.append(kernelType(piece).map { .node($0) } ?? .null) }
      } else if let old {
        for field in module.metadata.fields(old) {
          if case .node(let node) = field.value { list.append(.node(kernelType(node))) } else { list.append(.null) }
        }
      } else {
        list.append(kernelType(function.result).map { .node($0) } ?? .null)
        for parameter in function.parameters { list.append(kernelType(parameter.type).map { .node($0) } ?? .null) }
      }
      let types = module.metadata.addTuple(list)
      let type = module.metadata.add(.DISubroutineType, [IRMetadataField(.types, .node(types))])
      var fields: [IRMetadataField] = []
      fields.append(IRMetadataField(.name, .string(function.name)))
      fields.append(IRMetadataField(.scope, mainFile.map { .node($0) } ?? .null))
      fields.append(IRMetadataField(.file, mainFile.map { .node($0) } ?? .null))
      fields.append(IRMetadataField(.line, .integer(0)))
      fields.append(IRMetadataField(.type, .node(type)))
      fields.append(IRMetadataField(.flags, .word(.DIFlagPrototyped)))
      fields.append(IRMetadataField(.spFlags, .word(.DISPFlagOptimized)))
      let node = module.metadata.add(.DISubprogram, fields)
      module.functions[index].subprogram = Int32(node)
      module.functions[index].attributes = .empty
    }
  }

  private mutating func kernelType(_ piece: KernelFunctionPrototype.Piece) -> UInt32? {
    var node: UInt32?
    switch piece.base {
    case "void": node = nil
    case "bool", "_Bool": node = basicType("_Bool", size: 1, encoding: .DW_ATE_boolean)
    case "u8", "__u8", "unsigned char": node = integerType(bits: 8, signed: false)?.node
    case "char", "s8": node = integerType(bits: 8, signed: true)?.node
    case "u16", "__u16", "unsigned short": node = integerType(bits: 16, signed: false)?.node
    case "s16", "short": node = integerType(bits: 16, signed: true)?.node
    case "u32", "__u32", "unsigned int": node = integerType(bits: 32, signed: false)?.node
    case "int", "s32", "__s32": node = integerType(bits: 32, signed: true)?.node
    case "s64", "__s64", "long", "long long": node = integerType(bits: 64, signed: true)?.node
    default:
      if piece.base.hasPrefix("struct ") || piece.base.hasPrefix("union ") {
        if let known = types.basic[piece.base] {
          node = known
        } else {
          let isUnion = piece.base.hasPrefix("union ")
          let name = String(piece.base.dropFirst(isUnion ? 6 : 7))
          node = structureType(name, [], size: 1, tag: isUnion ? .DW_TAG_union_type : .DW_TAG_structure_type)
          types.basic[piece.base] = node
        }
      } else {
        node = integerType(bits: 64, signed: false)?.node
      }
    }
    for _ in 0..<piece.pointers { node = pointerType(to: node) }
    return node
  }

  /// A type of a prototype by the IR alone: a pointer is one to nothing named.
  private mutating func kernelType(_ type: IRTypeID) -> UInt32? {
    if type == .void { return nil }
    if module.types.isPointer(type) { return pointerType(to: nil) }
    switch module.types.bits(type) ?? 64 {
    case 1: return basicType("_Bool", size: 1, encoding: .DW_ATE_boolean)
    case let bits: return integerType(bits: Int(bits), signed: bits == 32)?.node
    }
  }

  /// A type of a C prototype: pointers keep what kind of thing they point to, since that is what loaders compare.
  private mutating func kernelType(_ node: UInt32) -> UInt32 {
    switch module.metadata.kind(node) {
    case .DIDerivedType:
      guard let base = module.metadata.node(node, .baseType) else { return pointerType(to: nil) }
      if module.metadata.word(node, .tag) == .DW_TAG_pointer_type { return pointerType(to: pointedType(base)) }
      return kernelType(base)
    case .DICompositeType, .DIBasicType: return cType(node)?.node ?? pointerType(to: nil)
    default: return pointerType(to: nil)
    }
  }

  private mutating func pointedType(_ node: UInt32) -> UInt32? {
    switch module.metadata.kind(node) {
    case .DIDerivedType:
      if module.metadata.word(node, .tag) == .DW_TAG_pointer_type { return kernelType(node) }
      return module.metadata.node(node, .baseType).flatMap { pointedType($0) }
    case .DIBasicType: return cType(node)?.node
    case .DICompositeType:
      // Of structs only the kind counts.
      let name = module.metadata.string(node, .name).map { module.names[$0] } ?? ""
      if let known = types.basic["struct \(name)"] { return known }
      let size = module.metadata.integer(node, .size).map { Int($0) / 8 } ?? 0
      let made = structureType(Self.isIdentifier(name) ? name : "", [], size: max(size, 1))
      types.basic["struct \(name)"] = made
      return made
    default: return nil
    }
  }
}
