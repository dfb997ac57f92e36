internal import EBPFBTF

/// What the types of the module `Kernel` stand for: for the lowering, which makes relocations of accesses.
struct KernelReferences: Sendable {
  /// A structure, union or enumeration.
  struct Reference: Sendable, Hashable {
    /// 0 for a type that the kernel has not.
    var id: BTF.TypeID
    /// The name that the object has for it: with a flavour, if the source has one. Empty for a type without a name.
    var name: String
    /// Whether the name is that of a typedef of a type without one.
    var isTypedef = false
  }

  let btf: BTF
  /// By the name in Swift.
  var types: [String: Reference] = [:]

  init(_ btf: BTF) { self.btf = btf }
}

extension BTF {
  /// The way to a member of a structure by its name, through members without one: their numbers.
  func path(to name: String, in id: TypeID, depth: Int = 0) -> [Int]? {
    guard depth < 16, let type = resolve(id) else { return nil }
    var unnamed: [Int] = []
    for index in type.memberIndices {
      let member = type.memberLayout(at: index)
      if member.nameOffset == 0 {
        unnamed.append(index)
      } else if string(at: member.nameOffset, equals: name) {
        return [index]
      }
    }
    for index in unnamed {
      if let rest = path(to: name, in: type.memberLayout(at: index).typeID, depth: depth + 1) { return [index] + rest }
    }
    return nil
  }

  /// The named members of a structure, those of members without a name among them.
  func namedMembers(of id: TypeID, depth: Int = 0) -> [(name: String, member: BTFType.Member)] {
    guard depth < 16, let type = resolve(id) else { return [] }
    var result: [(String, BTFType.Member)] = []
    for index in type.memberIndices {
      let member = type.memberLayout(at: index)
      if member.nameOffset == 0 {
        result += namedMembers(of: member.typeID, depth: depth + 1)
      } else if let name = string(at: member.nameOffset) {
        result.append((name, member))
      }
    }
    return result
  }
}
