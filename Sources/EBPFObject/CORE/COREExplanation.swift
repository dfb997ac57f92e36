internal import EBPFBTF

extension COREResolution {
  /// Why nothing fitted, in a sentence: the candidates that were looked at, what each lacks and what comes nearest; empty where one fitted.
  public var explanation: String {
    guard let local else {
      if case .refused(let reason) = outcome { return reason }
      return ""
    }
    if outcome == .wrongSize { return sizeExplanation(local) }
    guard match == nil, relocation.kind != .typeIDLocal else { return "" }
    guard !candidates.isEmpty else { return missingType(local) }
    let shown = candidates.prefix(3).map { lack(local, $0.access) }
    let rest = candidates.count - shown.count
    return shown.joined(separator: "; ") + (rest > 0 ? "; and so do \(rest) more candidates" : "")
  }

  /// What a verifier is to say of the instruction: the thing, why it is not there, and the way out.
  public var advice: String {
    guard isPoisoned, let local else { return "" }
    let thing =
      local.field.isEmpty
      ? local.typeName : local.kind.isEnumerator ? "\(local.typeName)::\(local.field)" : "\(local.typeName).\(local.field)"
    switch outcome {
    case .wrongSize:
      return "Declare '\(thing)' with the target's type in a flavour of its structure (`struct name___flavour`), or read it with "
        + "bpf_core_read() or BPF_CORE_READ_BITFIELD()."
    default:
      let question = local.kind.isEnumerator ? "bpf_core_enum_value_exists" : "bpf_core_field_exists"
      return "'\(thing)' is not in the types that the program is to run with. Where it may be missing, ask first: `if (\(question)(...))`; "
        + "where it was renamed, declare the other form too, as a flavour (`struct name___flavour`)."
    }
  }

  private func sizeExplanation(_ local: COREAccess) -> String {
    guard let match else { return "" }
    return "'\(local.field)' is \(COREExplanation.described(local)) in the object and \(COREExplanation.described(match)) in "
      + "\(match.source): only pointers and unsigned integers can be loaded or stored at another size"
  }

  private func missingType(_ local: COREAccess) -> String {
    guard let root = local.types.btf.type(local.typeID) else { return "" }
    let name = BTF.essentialName(root.name)
    let kind = CORETypes.word(root.kind)
    let modules = target.modules()
    var text = "\(target.kernel.name)" + (modules.isEmpty ? "" : " with its \(modules.count) modules") + " has no \(kind) '\(name)'"
    var names: [String] = []
    for source in [target.kernel] + modules {
      let wanted: Set<BTFKind> = root.kind == .enumeration || root.kind == .enumeration64 ? [.enumeration, .enumeration64] : [root.kind]
      names += source.btf.ownTypes(of: wanted).compactMap { source.btf.type($0)?.name }
    }
    if let nearest = COREExplanation.nearest(to: name, in: names) { text += "; nearest: \(kind) '\(nearest)'" }
    return text
  }

  /// What a candidate lacks.
  private func lack(_ local: COREAccess, _ access: COREAccess) -> String {
    let title = "\(access.types.title(access.typeID)) of \(access.source)"
    let types = access.types
    if local.kind.isType {
      return local.kind == .typeMatches ? "\(title) differs from the object's" : "\(title) is of another kind"
    }
    if local.kind.isEnumerator {
      guard let root = try? types.skip(access.typeID), let type = root.type else { return "\(title) is no enumeration" }
      let names = type.enumeratorIndices.compactMap { types.btf.string(at: type.enumeratorLayout(at: $0).nameOffset) }
      let nearest = COREExplanation.nearest(to: BTF.essentialName(local.field), in: names)
      return "\(title) has no '\(local.field)'" + (nearest.map { "; nearest: '\($0)'" } ?? "")
    }
    guard access.steps.count < local.steps.count else { return "\(title) does not fit" }
    let step = local.steps[access.steps.count]
    guard let here = try? types.skip(access.reached) else { return "\(title) cannot be read" }
    let place = access.field.isEmpty ? title : "'\(access.field)' of \(title)"
    guard let name = step.name else {
      guard here.kind == .array, let array = here.type else { return "\(place) is no array but '\(types.text(here.id))'" }
      return "\(place) has \(array.arrayCount) elements, and element \(step.index) is used"
    }
    guard here.isComposite else { return "\(place) is '\(types.text(here.id))', which has no members" }
    guard let owner = local.types.btf.type(step.typeID) else { return "\(place) does not fit" }
    let wanted = owner.memberLayout(at: step.index)
    let members = COREExplanation.members(of: here.id, types)
    if let same = members.first(where: { $0.name == name }) {
      return "member '\(name)' of \(place) is '\(types.text(same.typeID))', and '\(local.types.text(wanted.typeID))' in the object"
    }
    var text = "\(place) has no member '\(name)'"
    let compatibility = CORECompatibility(local: local.types, target: types)
    if let nearest = COREExplanation.nearest(to: name, in: members.map(\.name)), let member = members.first(where: { $0.name == nearest }) {
      text += "; nearest: '\(nearest)' (\(types.text(member.typeID)), at offset \(member.bitOffset / 8))"
    } else if let member = members.first(where: {
      $0.bitOffset == wanted.bitOffset && (try? compatibility.fieldsAgree(wanted.typeID, $0.typeID)) == true
    }) {
      text += "; at its offset in the object, \(member.bitOffset / 8), stands '\(member.name)' (\(types.text(member.typeID)))"
    }
    return text
  }
}

extension COREAccess {
  /// The type that the access has come to.
  var reached: BTF.TypeID {
    guard let step = steps.last else { return typeID }
    guard step.name != nil, let owner = types.btf.type(step.typeID), owner.memberIndices.contains(step.index) else { return step.typeID }
    return owner.memberLayout(at: step.index).typeID
  }
}

/// What explanations are made of.
package enum COREExplanation {
  /// A field's type and size.
  static func described(_ access: COREAccess) -> String {
    let id = access.reached
    let size = (try? access.types.size(id)).map { ", \($0) bytes" } ?? ""
    return "'\(access.types.text(id))'\(size)"
  }

  /// The members of a structure, those of its anonymous members included, with their places in it.
  static func members(of id: BTF.TypeID, _ types: CORETypes) -> [BTFType.Member] {
    var result: [BTFType.Member] = []
    collect(id, 0, 0, types, &result)
    return result
  }

  private static func collect(
    _ id: BTF.TypeID, _ bitOffset: Int, _ depth: Int, _ types: CORETypes, _ result: inout [BTFType.Member]
  ) {
    guard depth < 16, result.count < 4096, let type = try? types.skip(id).type else { return }
    for var member in type.members {
      member.bitOffset += bitOffset
      if member.name.isEmpty {
        collect(member.typeID, member.bitOffset, depth + 1, types, &result)
      } else {
        result.append(member)
      }
    }
  }

  /// The name that takes the fewest changes of a letter, at most a third of its length (and at least one).
  static func nearest(to name: String, in names: [String]) -> String? {
    let wanted = Array(name.utf8)
    var limit = max(1, wanted.count / 3)
    var best: String?
    for candidate in names where !candidate.isEmpty {
      let length = candidate.utf8.count
      guard abs(length - wanted.count) <= limit else { continue }
      let distance = editDistance(wanted, Array(candidate.utf8))
      guard distance > 0, distance <= limit, best == nil || distance < limit else { continue }
      best = candidate
      limit = distance
    }
    return best
  }
}
