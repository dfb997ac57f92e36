internal import EBPFBTF

/// Finds a local access in a candidate's types.
extension COREAccess {
  /// The same access in the candidate; `isMatch` is false where it has none, and the access then goes as far as it could.
  func matched(_ target: CORETypes, _ candidate: BTF.TypeID) throws(COREFailure) -> (access: COREAccess, isMatch: Bool) {
    var result = COREAccess(target, kind: kind, typeID: candidate)
    let isMatch: Bool
    if kind == .typeMatches {
      isMatch = try CORECompatibility(local: types, target: target).typesMatch(typeID, candidate)
    } else if kind.isType {
      isMatch = try CORECompatibility(local: types, target: target).typesAgree(typeID, candidate)
    } else if kind.isEnumerator {
      isMatch = try result.findEnumerator(steps[0].name ?? "")
    } else {
      isMatch = try result.findField(self)
    }
    return (result, isMatch)
  }

  private mutating func findEnumerator(_ name: String) throws(COREFailure) -> Bool {
    let root = try types.skip(typeID)
    guard root.isEnumeration, let type = root.type else { return false }
    let wanted = Array(BTF.essentialName(name).utf8)
    for index in type.enumeratorIndices {
      let offset = type.enumeratorLayout(at: index).nameOffset
      guard types.btf.string(at: offset, hasEssentialName: wanted) else { continue }
      steps.append(Step(typeID: root.id, index: index, name: types.btf.string(at: offset)))
      path.append(index)
      return true
    }
    return false
  }

  private mutating func findField(_ local: COREAccess) throws(COREFailure) -> Bool {
    let compatibility = CORECompatibility(local: local.types, target: types)
    var id = typeID
    for (number, step) in local.steps.enumerated() {
      let here = try types.skip(id)
      id = here.id
      if let name = step.name {
        guard let owner = local.types.btf.type(step.typeID) else { return false }
        let member = owner.memberLayout(at: step.index)
        guard let next = try findMember(name, here, member.typeID, compatibility, depth: 0) else { return false }
        id = next
        continue
      }
      if number > 0 {
        guard here.kind == .array, let array = here.type, hasElement(step.index, array) else { return false }
        id = try types.skip(array.target).id
      }
      guard path.count < COREFailure.longestPath else { throw COREFailure("the types nest too deep") }
      steps.append(Step(typeID: id, index: step.index, name: nil))
      path.append(step.index)
      try advance(step.index, elementsOf: id)
    }
    return true
  }

  /// Looks for a member of that name, in anonymous members too; gives its type where that agrees with the local one.
  private mutating func findMember(
    _ name: String, _ here: CORESkipped, _ localType: BTF.TypeID, _ compatibility: CORECompatibility, depth: Int
  ) throws(COREFailure) -> BTF.TypeID? {
    guard here.isComposite, let type = here.type else { return nil }
    for index in type.memberIndices {
      guard path.count < COREFailure.longestPath, depth < COREFailure.deepest else { throw COREFailure("the types nest too deep") }
      let member = type.memberLayout(at: index)
      if member.nameOffset == 0 {
        bitOffset += member.bitOffset
        path.append(index)
        if let found = try findMember(name, try types.skip(member.typeID), localType, compatibility, depth: depth + 1) { return found }
        bitOffset -= member.bitOffset
        path.removeLast()
      } else if types.btf.string(at: member.nameOffset, equals: name) {
        guard try compatibility.fieldsAgree(localType, member.typeID) else { return nil }
        bitOffset += member.bitOffset
        path.append(index)
        steps.append(Step(typeID: here.id, index: index, name: name))
        return member.typeID
      }
    }
    return nil
  }
}
