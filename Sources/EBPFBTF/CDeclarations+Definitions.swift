extension CDeclarations {
  // MARK: Definitions

  /// Appends a type's definition (`container` 0), or the forward declarations that its use within the definition of `container` needs.
  mutating func emit(_ id: BTF.TypeID, container: BTF.TypeID, depth: Int) throws(BTFError) {
    try step(id, depth)
    guard let type = btf.type(id), Int(id) < emissions.count, emissions[Int(id)] != .done else { return }
    let isTop = container == 0
    if emissions[Int(id)] == .open {
      guard !isForwardEmitted[Int(id)] else { return }
      switch type.kind {
      case .structure, .union:
        guard id != container, type.nameOffset != 0 else { return }
        text += "\(tag(type));\n\n"
      case .typedef: if !isBuiltIn(type) { text += "\(try typedef(type, depth: depth));\n\n" }
      default: return
      }
      isForwardEmitted[Int(id)] = true
      return
    }
    switch type.kind {
    case .int:
      if let alias = CDeclarations.missingTypes[type.name] { text += "typedef \(alias) \(type.name);\n\n" }
      emissions[Int(id)] = .done
    case .enumeration, .enumeration64:
      if isTop { text += "\(enumeration(type, level: 0));\n\n" }
      emissions[Int(id)] = .done
    case .pointer, .const, .volatile, .restrict, .typeTag, .array: try emit(type.target, container: container, depth: depth + 1)
    case .forward:
      text += "\(tag(type));\n\n"
      emissions[Int(id)] = .done
    case .typedef:
      emissions[Int(id)] = .open
      try emit(type.target, container: id, depth: depth + 1)
      if !isForwardEmitted[Int(id)], !isBuiltIn(type) { text += "\(try typedef(type, depth: depth));\n\n" }
      emissions[Int(id)] = .done
    case .structure, .union:
      emissions[Int(id)] = .open
      if isTop || type.nameOffset == 0 {
        // All members will stand in the text: what they need must stand before.
        for member in type.layout { try emit(member.typeID, container: type.nameOffset == 0 ? container : id, depth: depth + 1) }
      } else if !isForwardEmitted[Int(id)], id != container {
        text += "\(tag(type));\n\n"
        isForwardEmitted[Int(id)] = true
      }
      if isTop {
        text += "\(try structure(type, level: 0, depth: depth));\n\n"
        emissions[Int(id)] = .done
      } else {
        emissions[Int(id)] = .none
      }
    case .functionPrototype:
      try emit(type.target, container: container, depth: depth + 1)
      for parameter in type.parameterTypes { try emit(parameter, container: container, depth: depth + 1) }
    case .void, .float, .function, .variable, .dataSection, .declarationTag: break
    }
  }

  /// Types that GCC has built in for Arm and clang does not know.
  private static let missingTypes = [
    "__Poly8_t": "unsigned char", "__Poly16_t": "unsigned short", "__Poly64_t": "unsigned long long", "__Poly128_t": "unsigned __int128",
  ]

  private func isBuiltIn(_ type: BTFType) -> Bool { btf.string(at: type.nameOffset, equals: "__builtin_va_list") }

  // MARK: Names

  /// `struct name`, `union name`, `enum name`.
  mutating func tag(_ type: BTFType) -> String {
    let keyword: String
    switch type.kind {
    case .union: keyword = "union"
    case .forward: keyword = type.kindFlag ? "union" : "struct"
    case .enumeration, .enumeration64: keyword = "enum"
    default: keyword = "struct"
    }
    return type.nameOffset == 0 ? keyword : "\(keyword) \(tagName(type))"
  }

  private mutating func tagName(_ type: BTFType) -> String {
    if let name = names[type.id] { return name }
    let original = type.name
    let isDeclaration = type.kind == .forward || (type.kind == .enumeration && type.elementCount == 0)
    let name = isDeclaration ? original : CDeclarations.unique(original, in: &tagNames)
    names[type.id] = name
    return name
  }

  mutating func identifier(_ type: BTFType) -> String {
    if let name = names[type.id] { return name }
    let name = CDeclarations.unique(type.name, in: &identifiers)
    names[type.id] = name
    return name
  }

  private static func unique(_ name: String, in names: inout [String: Int]) -> String {
    let count = names[name, default: 0] + 1
    names[name] = count
    return count > 1 ? "\(name)___\(count)" : name
  }

  private static func indentation(_ level: Int) -> String { String(repeating: "\t", count: level) }

  // MARK: Bodies

  private mutating func typedef(_ type: BTFType, depth: Int) throws(BTFError) -> String {
    let name = identifier(type)
    // Old compilers leave this one without a type.
    if type.target == 0, name == "__gnuc_va_list" { return "typedef __builtin_va_list __gnuc_va_list" }
    return "typedef \(try declaration(type.target, name, level: 0, depth: depth + 1))"
  }

  mutating func enumeration(_ type: BTFType, level: Int) -> String {
    var result = tag(type)
    let enumerators = type.enumerators
    guard !enumerators.isEmpty else { return result }
    result += " {"
    let indentation = CDeclarations.indentation(level + 1)
    for enumerator in enumerators {
      let name = CDeclarations.unique(enumerator.name, in: &identifiers)
      let number = type.isSignedEnumeration ? "\(enumerator.value)" : "\(UInt64(bitPattern: enumerator.value))"
      let suffix = type.kind == .enumeration64 ? (type.isSignedEnumeration ? "LL" : "ULL") : ""
      result += "\n\(indentation)\(name) = \(number)\(suffix),"
    }
    result += "\n\(CDeclarations.indentation(level))}"
    switch type.statedSize {
    case 1: result += " __attribute__((mode(byte)))"
    case 8:
      // Eight bytes come about by themselves where a value needs them.
      let isWide = type.kind == .enumeration64 && enumerators.contains { UInt64(bitPattern: $0.value) >> 32 != 0 }
      if !isWide { result += " __attribute__((mode(word)))" }
    default: break
    }
    return result
  }

  mutating func structure(_ type: BTFType, level: Int, depth: Int) throws(BTFError) -> String {
    try step(type.id, depth)
    let isStructure = type.kind == .structure
    let size = type.statedSize ?? 0
    let alignment = btf.alignment(of: type.id, depth: 0, &alignments) ?? 0
    let isPacked = isStructure && self.isPacked(type)
    var result = tag(type) + " {"
    let members = type.members
    var offset = 0
    var wasBitField = false
    for member in members {
      let own = isPacked ? 1 : btf.alignment(of: member.typeID, depth: 0, &alignments) ?? 0
      let isBitField = member.bitFieldSize != 0
      pad(from: offset, to: member.bitOffset, alignment: own, isBitField: wasBitField && isBitField, level: level + 1, &result)
      result += "\n\(CDeclarations.indentation(level + 1))"
      result += try declaration(member.typeID, member.name, level: level + 1, depth: depth + 1)
      if isBitField { result += ": \(member.bitFieldSize)" }
      result += ";"
      offset = member.bitOffset + (isBitField ? member.bitFieldSize : 8 * (btf.size(of: member.typeID) ?? 0))
      wasBitField = isBitField
    }
    if isStructure { pad(from: offset, to: 8 * size, alignment: alignment, isBitField: false, level: level + 1, &result) }
    result += members.isEmpty && size == 0 ? "}" : "\n\(CDeclarations.indentation(level))}"
    if isPacked { result += " __attribute__((packed))" }
    return result
  }

  private mutating func isPacked(_ type: BTFType) -> Bool {
    var largest = 1
    for member in type.layout {
      let own = btf.alignment(of: member.typeID, depth: 0, &alignments) ?? 0
      if own > 0, member.bitFieldSize == 0, member.bitOffset % (8 * own) != 0 { return true }
      largest = Swift.max(largest, own)
    }
    return (type.statedSize ?? 0) % largest != 0
  }

  private static let paddings: [(name: String, bits: Int)] = [("long", 64), ("int", 32), ("short", 16), ("char", 8)]

  /// Appends unnamed bit-fields that fill a hole which the compiler would not leave by itself.
  private mutating func pad(
    from start: Int, to end: Int, alignment: Int, isBitField: Bool, level: Int, _ result: inout String
  ) {
    guard start < end else { return }
    func roundUp(_ value: Int, _ unit: Int) -> Int { unit > 0 ? (value + unit - 1) / unit * unit : value }
    let indentation = CDeclarations.indentation(level)
    // The widest type whose boundary lies within the hole.
    let unit = CDeclarations.paddings.first { roundUp(start, $0.bits) <= end } ?? CDeclarations.paddings[3]
    let boundary = roundUp(start, unit.bits)
    var offset = start
    if boundary > start, boundary <= end {
      let endsWrong = boundary == end && roundUp(start, 8 * alignment) != boundary
      let fitsBefore = boundary != end && end - boundary <= boundary - start
      if isBitField || endsWrong || fitsBefore { result += "\n\(indentation)\(unit.name): \(isBitField ? boundary - start : 0);" }
      offset = boundary
    }
    while offset < end {
      let bits = Swift.min(end - offset, unit.bits)
      budget -= 1
      // A hole that no real type has would print without end; the size is then said in one array.
      guard end - offset < 64 * 4096 else {
        let bytes = (end - offset) / 8
        result += "\n\(indentation)char __padding_\(offset / 8)[\(bytes)];"
        return
      }
      let name = bits == unit.bits ? unit.name : CDeclarations.paddings.last { $0.bits >= bits }?.name ?? unit.name
      result += "\n\(indentation)\(name): \(bits);"
      offset += bits
    }
  }
}
