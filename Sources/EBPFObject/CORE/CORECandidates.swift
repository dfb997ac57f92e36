internal import EBPFBTF

/// The target's types by name, found when asked for.
struct CORECandidates {
  struct Candidate {
    var types: CORETypes
    var typeID: BTF.TypeID
  }

  private let target: TargetTypes
  private var sources: [Source]
  private var hasModules = false
  /// What is left of the candidates for each local root type.
  private var found: [BTF.TypeID: [Candidate]] = [:]

  /// The types of one BTF, and those of a kind once they were needed.
  private struct Source {
    let types: CORETypes
    var byKind: [BTFKind: [BTF.TypeID]] = [:]

    mutating func ids(of kind: BTFKind) -> [BTF.TypeID] {
      // The two kinds of enumerations can stand for each other.
      let kind = kind == .enumeration64 ? .enumeration : kind
      if let ids = byKind[kind] { return ids }
      let ids = types.btf.ownTypes(of: kind == .enumeration ? [.enumeration, .enumeration64] : [kind])
      byKind[kind] = ids
      return ids
    }
  }

  init(_ target: TargetTypes) {
    self.target = target
    sources = [Source(types: CORETypes(target.kernel.btf, name: target.kernel.name))]
  }

  /// Types of the same kind and name, flavours aside: the kernel's, or where it has none those of all modules.
  mutating func candidates(for type: BTFType) -> [Candidate] {
    if let known = found[type.id] { return known }
    let name = Array(BTF.essentialName(type.name).utf8)
    var result = search(0..<1, type.kind, name)
    if result.isEmpty {
      loadModules()
      result = search(1..<sources.count, type.kind, name)
    }
    found[type.id] = result
    return result
  }

  /// Leaves only these candidates for the relocations of the same root type that follow.
  mutating func narrow(_ id: BTF.TypeID, to candidates: [Candidate]) { found[id] = candidates }

  private mutating func search(_ range: Range<Int>, _ kind: BTFKind, _ name: [UInt8]) -> [Candidate] {
    var result: [Candidate] = []
    for index in range {
      let ids = sources[index].ids(of: kind)
      let types = sources[index].types
      result += types.btf.types(ids, withEssentialName: name).map { Candidate(types: types, typeID: $0) }
    }
    return result
  }

  private mutating func loadModules() {
    guard !hasModules else { return }
    hasModules = true
    sources += target.modules().map { Source(types: CORETypes($0.btf, name: $0.name)) }
  }
}
