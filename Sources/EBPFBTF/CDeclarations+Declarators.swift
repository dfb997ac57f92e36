extension CDeclarations {
  // MARK: Declarations

  /// `unsigned int ports[4]`: the type around a name, as C writes it; with an empty name the type alone.
  ///
  /// C writes declarations from the name outwards, BTF from the name inwards: the declarator grows on both sides while the types are followed.
  mutating func declaration(_ id: BTF.TypeID, _ name: String, level: Int, depth: Int) throws(BTFError) -> String {
    var declarator = name
    var id = id
    var depth = depth
    var before: BTFKind?
    while true {
      try step(id, depth)
      depth += 1
      guard let type = btf.type(id) else { return join("void", declarator) }
      switch type.kind {
      case .pointer:
        // A function pointer that gives a pointer: `void * (*next)(int)`.
        declarator = (before == .functionPrototype && declarator.first == "(" ? "* " : "*") + declarator
        before = .pointer
        id = type.target
      case .const, .volatile, .restrict, .typeTag:
        let (text, target) = try qualifiers(id, depth)
        guard let inner = btf.type(target), inner.kind != .array, inner.kind != .functionPrototype else {
          // Qualifiers of an array or a function say nothing in C.
          if btf.type(target) == nil { return text.prefix + join("void" + text.suffix, declarator) }
          id = target
          continue
        }
        if inner.kind == .pointer {
          declarator = "*" + text.trailing + (declarator.isEmpty ? "" : " ") + declarator
          before = .pointer
          id = inner.target
        } else {
          return text.prefix + join(try base(inner, level: level, depth: depth) + text.suffix, declarator)
        }
      case .array:
        if before == .pointer { declarator = "(" + declarator + ")" }
        declarator += "[\(type.arrayCount)]"
        before = .array
        id = type.target
      case .functionPrototype:
        if before == .pointer { declarator = "(" + declarator + ")" }
        declarator += "(" + (try parameters(type, level: level, depth: depth)) + ")"
        before = .functionPrototype
        id = type.target
      default: return join(try base(type, level: level, depth: depth), declarator)
      }
    }
  }

  private func join(_ base: String, _ declarator: String) -> String { declarator.isEmpty ? base : "\(base) \(declarator)" }

  /// A run of qualifiers and tags: how it is written before a base type, behind it, and behind a pointer's asterisk; and what it qualifies.
  private mutating func qualifiers(
    _ id: BTF.TypeID, _ depth: Int
  ) throws(BTFError) -> (text: (prefix: String, suffix: String, trailing: String), target: BTF.TypeID) {
    var prefix = ""
    var suffix = ""
    var trailing = ""
    var id = id
    var depth = depth
    while let type = btf.type(id), type.kind.isModifier {
      try step(id, depth)
      depth += 1
      switch type.kind {
      case .const, .volatile, .restrict:
        let word = type.kind == .const ? "const" : type.kind == .volatile ? "volatile" : "restrict"
        prefix = "\(word) \(prefix)"
        trailing = " \(word)\(trailing)"
      default:
        // A tag with the flag is an attribute of C itself, `address_space(1)` say (Linux 6.15).
        let tag = type.kindFlag ? " __attribute__((\(type.name)))" : " __attribute__((btf_type_tag(\"\(type.name)\")))"
        suffix = tag + suffix
        trailing = tag + trailing
      }
      id = type.target
    }
    return ((prefix, suffix, trailing), id)
  }

  private mutating func parameters(_ type: BTFType, level: Int, depth: Int) throws(BTFError) -> String {
    let parameters = type.parameters
    if parameters.isEmpty || (parameters.count == 1 && parameters[0].typeID == 0) { return "void" }
    var result = ""
    for (index, parameter) in parameters.enumerated() {
      if index > 0 { result += ", " }
      if index == parameters.count - 1, parameter.typeID == 0 { return result + "..." }
      result += try declaration(parameter.typeID, parameter.name, level: level, depth: depth + 1)
    }
    return result
  }

  private mutating func base(_ type: BTFType, level: Int, depth: Int) throws(BTFError) -> String {
    switch type.kind {
    case .int, .float: return type.name
    case .structure, .union:
      return type.nameOffset == 0 && isExpanding ? try structure(type, level: level, depth: depth + 1) : tag(type)
    case .enumeration, .enumeration64: return type.nameOffset == 0 && isExpanding ? enumeration(type, level: level) : tag(type)
    case .forward: return tag(type)
    case .typedef: return identifier(type)
    case .variable: return try declaration(type.target, type.name, level: level, depth: depth + 1)
    case .function: return try declaration(type.target, type.name, level: level, depth: depth + 1)
    case .dataSection: return "/* section */ \(type.name)"
    default: return "void"
    }
  }
}

extension BTF {
  /// A declaration of that name and type in C, `struct flow flows[4]`; with an empty name the type alone.
  /// - Parameter isExpanding: whether anonymous structures and enumerations are printed with their members (over several lines) or as `struct {...}`.
  public func declaration(of id: TypeID, named name: String = "", isExpanding: Bool = false) throws(BTFError) -> String {
    var printer = CDeclarations(single: self)
    printer.isExpanding = isExpanding
    return try printer.declaration(id, name, level: 0, depth: 0)
  }

  /// The definitions, in C, of the type and of all that it needs.
  public func definition(of id: TypeID) throws(BTFError) -> String {
    var printer = CDeclarations(self)
    try printer.add(id)
    return printer.text
  }
}
