extension BTF {
  /// Steps through typedefs and modifiers before a chain is taken for a circle.
  static let longestChain = 64

  /// Bytes beyond which no type is believed: whoever counts its bits or adds a few such sizes stays within 64 bits.
  static let largestSize = 1 << 48

  /// The type behind typedefs, `const`, `volatile`, `restrict` and type tags; `nil` for `void` and for chains that lead nowhere.
  public func resolve(_ id: TypeID) -> BTFType? {
    var id = id
    for _ in 0..<BTF.longestChain {
      guard let type = type(id) else { return nil }
      guard type.kind == .typedef || type.kind.isModifier else { return type }
      id = type.target
    }
    return nil
  }

  /// Bytes that a value of the type takes; `nil` for `void`, functions, forward declarations and types that contradict themselves.
  public func size(of id: TypeID) -> Int? { size(of: id, pointerSize: 8) }

  /// ``size(of:)`` on a machine whose pointers have so many bytes.
  package func size(of id: TypeID, pointerSize: Int) -> Int? {
    var id = id
    var factor = 1
    for _ in 0..<BTF.longestChain {
      guard let type = type(id) else { return nil }
      let size: Int
      switch type.kind {
      case .int, .float, .structure, .union, .enumeration, .enumeration64, .dataSection: size = type.statedSize ?? 0
      case .pointer: size = pointerSize
      case .typedef, .const, .volatile, .restrict, .typeTag, .variable, .declarationTag:
        id = type.target
        continue
      case .array:
        let (product, overflow) = factor.multipliedReportingOverflow(by: type.arrayCount)
        guard !overflow else { return nil }
        factor = product
        id = type.target
        continue
      case .void, .forward, .function, .functionPrototype: return nil
      }
      let (product, overflow) = factor.multipliedReportingOverflow(by: size)
      return overflow || product > BTF.largestSize ? nil : product
    }
    return nil
  }

  /// The alignment in bytes that C gives a value of the type on a 64-bit machine; `nil` where the type has no size.
  public func alignment(of id: TypeID) -> Int? {
    var known: [TypeID: Int] = [:]
    return alignment(of: id, depth: 0, &known)
  }

  /// The alignment, with those of structures remembered in `known` (0: none), so that no structure is walked twice.
  func alignment(of id: TypeID, depth: Int, _ known: inout [TypeID: Int]) -> Int? {
    guard depth < BTF.longestChain, let type = type(id) else { return nil }
    switch type.kind {
    case .int, .float, .enumeration, .enumeration64: return Swift.max(1, Swift.min(8, type.statedSize ?? 1))
    case .pointer: return 8
    case .typedef, .const, .volatile, .restrict, .typeTag, .variable, .declarationTag, .array:
      return alignment(of: type.target, depth: depth + 1, &known)
    case .structure, .union:
      if let result = known[id] { return result == 0 ? nil : result }
      known[id] = 0
      guard let result = composedAlignment(of: type, depth: depth, &known) else { return nil }
      known[id] = result
      return result
    case .void, .forward, .function, .functionPrototype, .dataSection: return nil
    }
  }

  private func composedAlignment(of type: BTFType, depth: Int, _ known: inout [TypeID: Int]) -> Int? {
    var result = 1
    for member in type.layout {
      guard let own = alignment(of: member.typeID, depth: depth + 1, &known) else { return nil }
      // A field that stands where its alignment forbids, or a size that it forbids: the structure is packed.
      if member.bitFieldSize == 0, member.bitOffset % (8 * own) != 0 { return 1 }
      result = Swift.max(result, own)
    }
    return (type.statedSize ?? 0) % result != 0 ? 1 : result
  }
}
