/// The translation of Swift's types, as its debug information says them, to types as BTF has them.
///
/// Swift's member offsets there take no account of padding and its enumerators are all 0, so both are worked out here by Swift's rules: each
/// property at the next multiple of its alignment, a struct's size without padding at the end, a case without a payload by its ordinal.
/// A size that disagrees with the debug information makes a struct of bytes.
extension LoweringUnit {
  /// The C-shaped type of a node; nothing where it has no size.
  mutating func cType(_ node: UInt32) -> CType? {
    if let type = types.known[node] { return type }
    if types.unknown.contains(node) { return nil }
    let type = translate(node, [:], depth: 0)
    if let type { types.known[node] = type } else { types.unknown.insert(node) }
    return type
  }

  private func text(_ node: UInt32, _ field: IRName) -> String {
    module.metadata.string(node, field).map { module.names[$0] } ?? ""
  }

  /// The name of the module that a type belongs to.
  private func moduleName(_ node: UInt32) -> String {
    guard let scope = module.metadata.node(node, .scope), module.metadata.kind(scope) == .DIModule else { return "" }
    return text(scope, .name)
  }

  /// The size that the debug information has, in bytes.
  private func debugSize(_ node: UInt32) -> Int? {
    module.metadata.integer(node, .size).map { Int($0 + 7) / 8 }
  }

  private mutating func translate(_ node: UInt32, _ arguments: [String: UInt32], depth: Int) -> CType? {
    guard depth < 64 else { return nil }
    guard arguments.isEmpty else { return untabled(node, arguments, depth: depth) }
    if let type = types.known[node] { return type }
    let type = untabled(node, arguments, depth: depth)
    if let type { types.known[node] = type }
    return type
  }

  private mutating func untabled(_ node: UInt32, _ arguments: [String: UInt32], depth: Int) -> CType? {
    switch module.metadata.kind(node) {
    case .DIBasicType:
      let isSigned = module.metadata.word(node, .encoding) == .DW_ATE_signed
      return integerType(bits: max(8, Int(module.metadata.integer(node, .size) ?? 0)), signed: isSigned)
    case .DIDerivedType:
      if module.metadata.word(node, .tag) == .DW_TAG_pointer_type { return CType(node: pointerType(to: nil), size: 8, alignment: 8) }
      return module.metadata.node(node, .baseType).flatMap { translate($0, arguments, depth: depth + 1) }
    case .DICompositeType: return composite(node, arguments, depth: depth)
    default: return nil
    }
  }

  private mutating func composite(_ node: UInt32, _ arguments: [String: UInt32], depth: Int) -> CType? {
    let name = text(node, .name)
    if let bound = arguments[name] { return translate(bound, [:], depth: depth + 1) }
    switch module.metadata.word(node, .tag) {
    case .DW_TAG_array_type:
      guard let base = module.metadata.node(node, .baseType), let element = translate(base, arguments, depth: depth + 1),
        let ranges = module.metadata.node(node, .elements), let range = module.metadata.elements(ranges).first,
        let count = module.metadata.integer(range, .count), count >= 0
      else { return nil }
      let size = element.stride * Int(count)
      return CType(node: arrayType(of: element.node, count: count, size: size), size: size, alignment: element.alignment)
    case .DW_TAG_enumeration_type:
      let elements = module.metadata.node(node, .elements).map { module.metadata.elements($0) } ?? []
      return enumeration(name, elements.map { text($0, .name) }, size: debugSize(node) ?? 1)
    default: break
    }
    if name == "$eBpD" || name == "$eBoD" || name == "$eBbD" { return CType(node: pointerType(to: nil), size: 8, alignment: 8) }
    let specification = module.metadata.node(node, .specification)
    let shown = specification.map { text($0, .name) } ?? name
    if moduleName(specification ?? node) == "Swift", let type = standard(shown, node, arguments, depth: depth) { return type }
    let elements = module.metadata.node(node, .elements).map { module.metadata.elements($0) } ?? []
    if let part = elements.first, module.metadata.word(part, .tag) == .DW_TAG_variant_part {
      return variants(shown, node, part, arguments, depth: depth)
    }
    if let specification, let generic = generic(specification, node, arguments, depth: depth) { return generic }
    return structure(name, node, elements, arguments, depth: depth)
  }

  // MARK: Types of the standard library

  private mutating func standard(_ name: String, _ node: UInt32, _ arguments: [String: UInt32], depth: Int) -> CType? {
    switch name {
    case "Int", "Int64": return integerType(bits: 64, signed: true)
    case "UInt", "UInt64": return integerType(bits: 64, signed: false)
    case "Int32": return integerType(bits: 32, signed: true)
    case "UInt32": return integerType(bits: 32, signed: false)
    case "Int16": return integerType(bits: 16, signed: true)
    case "UInt16": return integerType(bits: 16, signed: false)
    case "Int8": return integerType(bits: 8, signed: true)
    case "UInt8": return integerType(bits: 8, signed: false)
    case "Int128": return integerType(bits: 128, signed: true)
    case "UInt128": return integerType(bits: 128, signed: false)
    case "Bool": return CType(node: basicType("_Bool", size: 1, encoding: .DW_ATE_boolean), size: 1, alignment: 1)
    case "UnsafePointer", "UnsafeMutablePointer", "UnsafeRawPointer", "UnsafeMutableRawPointer", "OpaquePointer":
      return CType(node: pointerType(to: nil), size: 8, alignment: 8)
    case "InlineArray":
      guard let elements = module.metadata.node(node, .elements), let member = module.metadata.elements(elements).first,
        let base = module.metadata.node(member, .baseType)
      else { return nil }
      return translate(base, arguments, depth: depth + 1)
    case "Optional":
      guard let argument = templateArguments(node).first, let inner = translate(argument, arguments, depth: depth + 1) else { return nil }
      let size = debugSize(node) ?? inner.size
      // nil is a value that the type itself never has: a null pointer, a third number of a Bool.
      if size == inner.size { return inner }
      guard size == inner.size + 1 else { return nil }
      let flag = integerType(bits: 8, signed: false)!
      let title = inner.name.isEmpty ? "" : "Optional_\(inner.name)"
      return record(title, [("some", inner), ("isNone", flag)], expecting: size)
    default: return nil
    }
  }

  // MARK: Enums

  private mutating func enumeration(_ name: String, _ cases: [String], size: Int) -> CType? {
    guard size == 1 || size == 2 || size == 4, !cases.isEmpty else { return nil }
    var enumerators: [IRMetadataValue] = []
    for (ordinal, name) in cases.enumerated() {
      let node = module.metadata.add(
        .DIEnumerator,
        [
          IRMetadataField(.name, .string(self.name(Self.identifier(name)))), IRMetadataField(.value, .integer(Int64(ordinal))),
        ])
      enumerators.append(.node(node))
    }
    let elements = module.metadata.addTuple(enumerators)
    var fields = [IRMetadataField(.tag, .word(.DW_TAG_enumeration_type))]
    if Self.isIdentifier(name) { fields.append(IRMetadataField(.name, .string(self.name(name)))) }
    fields.append(IRMetadataField(.file, mainFile.map { .node($0) } ?? .null))
    fields.append(IRMetadataField(.baseType, .node(integerType(bits: size * 8, signed: false)!.node)))
    fields.append(IRMetadataField(.size, .integer(Int64(size * 8))))
    fields.append(IRMetadataField(.elements, .node(elements)))
    return CType(node: module.metadata.add(.DICompositeType, fields), size: size, alignment: size, name: name)
  }

  /// An enum: cases with payloads lie over each other, a tag behind them says which it is, unless the payload has numbers to spare.
  private mutating func variants(_ name: String, _ node: UInt32, _ part: UInt32, _ arguments: [String: UInt32], depth: Int) -> CType? {
    guard let list = module.metadata.node(part, .elements) else { return nil }
    let cases = module.metadata.elements(list)
    let size = debugSize(node) ?? debugSize(part) ?? 0
    var payloads: [(String, CType)] = []
    for item in cases {
      guard let base = module.metadata.node(item, .baseType) else { continue }
      guard let type = translate(base, arguments, depth: depth + 1) else { continue }
      payloads.append((text(item, .name), type))
    }
    if payloads.isEmpty { return size == 0 ? nil : enumeration(name, cases.map { text($0, .name) }, size: size) }
    let widest = payloads.map(\.1.size).max() ?? 0
    let alignment = payloads.map(\.1.alignment).max() ?? 1
    guard size == widest + 1 else { return opaque(name, size: size, alignment: alignment) }
    var members: [UInt32] = []
    for (name, type) in payloads { members.append(member(Self.identifier(name), exact(type), size: type.size, offset: 0)) }
    let union = structureType("", members, size: widest, tag: .DW_TAG_union_type)
    let tag = integerType(bits: 8, signed: false)!
    return record(
      Self.isIdentifier(name) ? name : "", [("payload", CType(node: union, size: widest, alignment: alignment)), ("tag", tag)],
      expecting: size)
  }

  // MARK: Structs

  private mutating func structure(
    _ name: String, _ node: UInt32, _ elements: [UInt32], _ arguments: [String: UInt32], depth: Int
  ) -> CType? {
    var members: [(String, CType)] = []
    var isWhole = true
    for (position, element) in elements.enumerated() {
      guard let base = module.metadata.node(element, .baseType) else {
        isWhole = false
        continue
      }
      guard let type = translate(base, arguments, depth: depth + 1) else {
        if module.metadata.integer(element, .size) ?? 0 != 0 { isWhole = false }
        continue
      }
      let label = text(element, .name)
      members.append((label.isEmpty ? "_\(position)" : Self.identifier(label), type))
    }
    let title = Self.isIdentifier(name) ? name : ""
    let size = debugSize(node)
    if isWhole, let type = record(title, members, expecting: size) { return type }
    return size.flatMap { $0 > 0 ? opaque(title, size: $0, alignment: members.map(\.1.alignment).max() ?? 1) : nil }
  }

  /// An instance of a generic struct: the members of the declaration, with this instance's types.
  private mutating func generic(
    _ specification: UInt32, _ node: UInt32, _ arguments: [String: UInt32], depth: Int
  ) -> CType? {
    guard let list = module.metadata.node(specification, .elements) else { return nil }
    let types = templateArguments(node)
    var bound: [String: UInt32] = [:]
    for (index, type) in types.enumerated() {
      // The mangled names of the first, second, third… generic parameter.
      let name = index == 0 ? "$exD" : index == 1 ? "$eq_D" : "$eq\(index - 2)_D"
      bound[name] = arguments[text(type, .name)] ?? type
    }
    let elements = module.metadata.elements(list)
    var title = text(specification, .name)
    for type in types {
      let part = cType(type).map { $0.name.isEmpty ? text(type, .name) : $0.name } ?? text(type, .name)
      if Self.isIdentifier(part) { title += "_\(part)" }
    }
    if let part = elements.first, module.metadata.word(part, .tag) == .DW_TAG_variant_part {
      return variants(Self.identifier(title), node, part, bound, depth: depth + 1)
    }
    return structure(Self.identifier(title), node, elements, bound, depth: depth + 1)
  }

  /// A struct with these members by Swift's layout; nothing if its size is not what was expected.
  private mutating func record(_ name: String, _ members: [(String, CType)], expecting: Int?) -> CType? {
    var offset = 0
    var alignment = 1
    var offsets: [Int] = []
    for (_, type) in members {
      offset = (offset + type.alignment - 1) / type.alignment * type.alignment
      offsets.append(offset)
      offset += type.size
      alignment = max(alignment, type.alignment)
    }
    if let expecting, expecting != offset { return nil }
    if offset == 0 { return nil }
    var nodes: [UInt32] = []
    for (index, (label, type)) in members.enumerated() {
      // What follows may begin in the padding of what is before: then that is said without its padding.
      let end = index + 1 < offsets.count ? offsets[index + 1] : (offset + alignment - 1) / alignment * alignment
      let fits = offsets[index] + type.stride <= end
      nodes.append(member(label, fits ? type.node : exact(type), size: fits ? type.stride : type.size, offset: offsets[index]))
    }
    var result = CType(node: 0, size: offset, alignment: alignment, members: nodes, name: name)
    result.node = structureType(name, nodes, size: result.stride)
    return result
  }

  /// The type without padding at its end.
  private mutating func exact(_ type: CType) -> UInt32 {
    type.size == type.stride || type.members.isEmpty ? type.node : structureType(type.name, type.members, size: type.size)
  }

  private mutating func opaque(_ name: String, size: Int, alignment: Int) -> CType? {
    guard size > 0 else { return nil }
    let title = Self.isIdentifier(name) ? name : ""
    let stride = (size + alignment - 1) / alignment * alignment
    return CType(node: opaqueType(title, size: stride), size: size, alignment: alignment, name: title)
  }
}
