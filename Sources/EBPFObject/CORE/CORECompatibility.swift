internal import EBPFBTF

/// Which types can stand for each other. Three relations, each with its use:
/// fields agree loosely (an access must still be right), types agree by their kinds, and types match in all that the object names.
struct CORECompatibility {
  let local: CORETypes
  let target: CORETypes

  /// How many levels of prototypes and structures are compared.
  private static let deepest = 32

  // MARK: Fields

  /// Whether a field of the one type can be read as one of the other: structures and unions, integers of any size and sign, pointers to
  /// anything, arrays of what agrees, enumerations and forward declarations of the same name.
  func fieldsAgree(_ localID: BTF.TypeID, _ targetID: BTF.TypeID) throws(COREFailure) -> Bool {
    var localID = localID
    var targetID = targetID
    for _ in 0..<COREFailure.deepest {
      let here = try local.skip(localID)
      let there = try target.skip(targetID)
      if here.isComposite, there.isComposite { return true }
      guard coreKindsAgree(here.kind, there.kind), let a = here.type, let b = there.type else { return false }
      switch here.kind {
      case .pointer, .float: return true
      case .forward, .enumeration, .enumeration64:
        let name = Array(BTF.essentialName(a.name).utf8)
        return name.isEmpty || b.name.isEmpty || target.btf.string(at: b.nameOffset, hasEssentialName: name)
      case .int: return a.integer?.bitOffset == 0 && b.integer?.bitOffset == 0
      case .array:
        localID = a.target
        targetID = b.target
      default: return false
      }
    }
    throw COREFailure("arrays nest without end in \(local.title(localID)) or \(target.title(targetID))")
  }

  // MARK: Types, by kind

  /// Whether types of one name are of the same kind, what pointers and prototypes lead to included; members do not count.
  func typesAgree(_ localID: BTF.TypeID, _ targetID: BTF.TypeID) throws(COREFailure) -> Bool {
    guard coreKindsAgree(local.btf.type(localID)?.kind ?? .void, target.btf.type(targetID)?.kind ?? .void) else { return false }
    return try typesAgree(localID, targetID, level: CORECompatibility.deepest)
  }

  private func typesAgree(_ localID: BTF.TypeID, _ targetID: BTF.TypeID, level: Int) throws(COREFailure) -> Bool {
    var localID = localID
    var targetID = targetID
    for _ in 0..<CORECompatibility.deepest {
      let here = try local.skip(localID)
      let there = try target.skip(targetID)
      guard coreKindsAgree(here.kind, there.kind) else { return false }
      guard let a = here.type, let b = there.type else { return true }
      switch here.kind {
      case .structure, .union, .enumeration, .enumeration64, .forward: return true
      case .int: return a.integer?.bitOffset == 0 && b.integer?.bitOffset == 0
      case .pointer, .array: break
      case .functionPrototype:
        let mine = a.parameterTypes
        let theirs = b.parameterTypes
        guard mine.count == theirs.count else { return false }
        for (one, other) in zip(mine, theirs) {
          guard level > 0 else { throw COREFailure("prototypes nest too deep in \(local.title(localID))") }
          guard try typesAgreeBehindModifiers(one, other, level: level - 1) else { return false }
        }
      default: return false
      }
      localID = a.target
      targetID = b.target
    }
    throw COREFailure("types nest too deep in \(local.title(localID))")
  }

  private func typesAgreeBehindModifiers(_ localID: BTF.TypeID, _ targetID: BTF.TypeID, level: Int) throws(COREFailure) -> Bool {
    try typesAgree(local.skip(localID).id, target.skip(targetID).id, level: level)
  }

  // MARK: Types, in full

  /// Whether all that the local type names is in the target's: members and enumerators by name and, down to pointers, by type.
  func typesMatch(_ localID: BTF.TypeID, _ targetID: BTF.TypeID) throws(COREFailure) -> Bool {
    try typesMatch(localID, targetID, isBehindPointer: false, level: CORECompatibility.deepest)
  }

  private func typesMatch(
    _ localID: BTF.TypeID, _ targetID: BTF.TypeID, isBehindPointer: Bool, level: Int
  ) throws(COREFailure) -> Bool {
    guard level > 0 else { throw COREFailure("types nest too deep in \(local.title(localID))") }
    var localID = localID
    var targetID = targetID
    var isBehindPointer = isBehindPointer
    for _ in 0..<CORECompatibility.deepest {
      let here = try local.skip(localID)
      let there = try target.skip(targetID)
      guard namesAgree(here.type?.nameOffset ?? 0, there.type?.nameOffset ?? 0) else { return false }
      guard let a = here.type, let b = there.type else { return here.kind == there.kind }
      switch here.kind {
      case .forward:
        if here.kind == there.kind { return a.kindFlag == b.kindFlag }
        return isBehindPointer && there.kind == (a.kindFlag ? .union : .structure)
      case .structure, .union:
        if isBehindPointer {
          return here.kind == there.kind || there.kind == .forward && b.kindFlag == (here.kind == .union)
        }
        guard here.kind == there.kind else { return false }
        return try membersMatch(a, b, level: level)
      case .enumeration, .enumeration64: return there.isEnumeration && enumeratorsMatch(a, b)
      default: break
      }
      guard here.kind == there.kind else { return false }
      switch here.kind {
      case .int: return a.statedSize == b.statedSize && a.integer?.isSigned == b.integer?.isSigned
      case .pointer: isBehindPointer = true
      case .array: guard a.arrayCount == b.arrayCount else { return false }
      case .functionPrototype:
        let mine = a.parameterTypes
        let theirs = b.parameterTypes
        guard mine.count == theirs.count else { return false }
        for (one, other) in zip(mine, theirs) {
          guard try typesMatch(one, other, isBehindPointer: isBehindPointer, level: level - 1) else { return false }
        }
      default: return false
      }
      localID = a.target
      targetID = b.target
    }
    throw COREFailure("types nest too deep in \(local.title(localID))")
  }

  private func membersMatch(_ a: BTFType, _ b: BTFType, level: Int) throws(COREFailure) -> Bool {
    guard a.memberIndices.count <= b.memberIndices.count else { return false }
    for index in a.memberIndices {
      let mine = a.memberLayout(at: index)
      var isFound = false
      for other in b.memberIndices where !isFound {
        let theirs = b.memberLayout(at: other)
        guard namesAgree(mine.nameOffset, theirs.nameOffset) else { continue }
        isFound = try typesMatch(mine.typeID, theirs.typeID, isBehindPointer: false, level: level - 1)
      }
      guard isFound else { return false }
    }
    return true
  }

  private func enumeratorsMatch(_ a: BTFType, _ b: BTFType) -> Bool {
    guard a.statedSize == b.statedSize, a.enumeratorIndices.count <= b.enumeratorIndices.count else { return false }
    return a.enumeratorIndices.allSatisfy { index in
      let mine = a.enumeratorLayout(at: index).nameOffset
      return b.enumeratorIndices.contains { namesAgree(mine, b.enumeratorLayout(at: $0).nameOffset) }
    }
  }

  /// Whether names agree but for flavours.
  private func namesAgree(_ localOffset: UInt32, _ targetOffset: UInt32) -> Bool {
    let name = Array(BTF.essentialName(local.btf.string(at: localOffset) ?? "").utf8)
    guard !name.isEmpty else { return target.btf.string(at: targetOffset, equals: "") }
    return target.btf.string(at: targetOffset, hasEssentialName: name)
  }
}
