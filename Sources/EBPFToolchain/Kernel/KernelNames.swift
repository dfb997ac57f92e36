internal import EBPFBTF

/// The kernel's types whose names occur in the sources, found in one walk over all.
struct KernelNames {
  /// By name: structures, unions, enumerations, else typedefs.
  private(set) var types: [String: BTF.TypeID] = [:]
  /// Values of enumerations without a name, by the enumerator.
  private(set) var constants: [String: Int64] = [:]

  init(_ btf: BTF, names: Set<String>) {
    let wanted = Set(names.map { BTF.essentialName($0) }).union(names)
    let definitions = btf.ownTypes(of: [.structure, .union, .enumeration, .enumeration64])
    find(definitions, in: btf, wanted)
    find(btf.ownTypes(of: [.typedef]), in: btf, wanted)
    let base = btf.base
    if let base {
      find(base.ownTypes(of: [.structure, .union, .enumeration, .enumeration64]), in: base, wanted)
      find(base.ownTypes(of: [.typedef]), in: base, wanted)
    }
    for id in btf.ownTypes(of: [.enumeration, .enumeration64]) {
      guard let type = btf.type(id), type.nameOffset == 0 else { continue }
      for index in type.enumeratorIndices {
        let (nameOffset, pattern) = type.enumeratorLayout(at: index)
        guard let name = btf.string(at: nameOffset), wanted.contains(name) else { continue }
        let value = type.isSignedEnumeration || type.kind == .enumeration64 ? pattern : pattern & 0xffff_ffff
        constants[name] = Int64(bitPattern: value)
      }
    }
  }

  private mutating func find(_ ids: [BTF.TypeID], in btf: BTF, _ wanted: Set<String>) {
    for (name, id) in btf.types(ids, named: wanted) where types[name] == nil { types[name] = id }
  }
}
