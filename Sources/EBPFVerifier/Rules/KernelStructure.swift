internal import EBPFBTF
internal import EBPFTables

/// Where a load from one of the kernel's own structures ends up, by the kernel's types (`btf_struct_walk`).
struct KernelStructure {
  let types: BTF

  /// What a load gives.
  enum Field: Equatable {
    case scalar
    /// A pointer to a structure, by name, with what its type tags say.
    case pointer(to: String, flags: TypeFlags)
  }

  /// Why there is no such load, in the kernel's words.
  struct Problem: Error, Equatable {
    var text: String
  }

  /// - Parameters:
  ///   - name: A structure's name, without `struct`.
  ///   - offset: Bytes from its start, not negative.
  func load(_ name: String, at offset: Int, size: Int) throws(Problem) -> Field {
    guard let start = types.find(name, kinds: [.structure]) else { throw Problem(text: "the kernel's types have no struct \(name)") }
    var type = start
    var offset = offset
    var flags: TypeFlags = []
    // Each turn goes one structure deeper.
    for _ in 0..<64 {
      if type.kind == .union, type.elementCount != 1 { flags.insert(.ptrUntrusted) }
      if offset + size > type.statedSize ?? 0 {
        switch try flexible(type, offset, size) {
        case nil: return .scalar
        case let (element, rest)?:
          type = element
          offset = rest
          continue
        }
      }
      guard let member = try member(of: type, at: offset, size: size) else { return .scalar }
      switch member.type.kind {
      case .structure, .union:
        type = member.type
        offset -= member.offset
        continue
      case .pointer:
        if member.size != size || offset != member.offset {
          throw Problem(
            text:
              "cannot access ptr member \(member.name) with moff \(member.offset) in struct \(type.name) with off \(offset) size \(size)")
        }
        if let target = types.resolve(member.type.target), target.kind == .structure || target.kind == .union {
          return .pointer(to: "struct \(target.name)", flags: flags.union(tags(of: member.type)))
        }
      default: break
      }
      // An array of numbers may be read in other pieces than its elements.
      if offset + size > member.end, !flags.contains(.ptrUntrusted) {
        throw Problem(
          text: "access beyond the end of member \(member.name) (mend:\(member.end)) in struct \(type.name) with off \(offset) size \(size)"
        )
      }
      return .scalar
    }
    throw Problem(text: "struct \(name) is nested too deep")
  }

  /// A member, or the element of an array, that a load begins in.
  private struct Member {
    var name: String
    var type: BTFType
    /// Of the element, in bytes from the structure's start.
    var offset: Int
    var size: Int
    /// Where the member ends, all its elements included.
    var end: Int
  }

  /// - Returns: `nil` for a bit-field, which is a number.
  private func member(of type: BTFType, at offset: Int, size: Int) throws(Problem) -> Member? {
    for member in type.members {
      let start = member.bitOffset / 8
      if offset + size <= start { break }
      if member.bitFieldSize > 0 {
        if offset <= start, (member.bitOffset + member.bitFieldSize + 7) / 8 <= offset + size { return nil }
        continue
      }
      if offset < start { break }
      guard let whole = types.size(of: member.typeID), var found = types.resolve(member.typeID) else {
        throw Problem(text: "field \(member.name) doesn't have size")
      }
      if offset >= start + whole { continue }
      var result = Member(name: member.name, type: found, offset: start, size: whole, end: start + whole)
      while found.kind == .array {
        guard let element = types.resolve(found.target) else { throw Problem(text: "field \(member.name) doesn't have size") }
        found = element
      }
      guard let element = types.size(of: found.id), element > 0 else { continue }
      if result.type.kind == .array {
        result.type = found
        result.size = element
        result.offset += (offset - start) / element * element
      }
      return result
    }
    throw Problem(text: "struct \(type.name) doesn't have field at offset \(offset)")
  }

  /// A load behind the structure's end: where its last member is an array without a length, in an element of that.
  /// - Returns: the element's type and the offset in it; `nil` where the elements are numbers.
  private func flexible(_ type: BTFType, _ offset: Int, _ size: Int) throws(Problem) -> (BTFType, Int)? {
    let beyond = Problem(text: "access beyond struct \(type.name) at off \(offset) size \(size)")
    guard let last = type.members.last, let array = types.resolve(last.typeID), array.kind == .array, array.arrayCount == 0 else {
      throw beyond
    }
    let start = last.bitOffset / 8
    guard offset >= start, let element = types.resolve(array.target) else { throw beyond }
    if element.kind == .int { return nil }
    guard element.kind == .structure || element.kind == .union, let size = element.statedSize, size > 0 else { throw beyond }
    return (element, (offset - start) % size)
  }

  /// What the type tag of a pointer's target says.
  private func tags(of pointer: BTFType) -> TypeFlags {
    guard let tag = types.type(pointer.target), tag.kind == .typeTag else { return [] }
    return switch tag.name {
    case "user": .memUser
    case "percpu": .memPercpu
    case "rcu": .memRcu
    default: []
    }
  }

  /// The structure that the kernel keeps a map in (`map_btf_id`); `nil` for types that it shows none of.
  static func name(of type: MapType) -> String? {
    switch type {
    case .array, .percpuArray, .progArray, .perfEventArray, .cgroupArray, .arrayOfMaps: "bpf_array"
    case .hash, .percpuHash, .lruHash, .lruPercpuHash, .hashOfMaps: "bpf_htab"
    case .lpmTrie: "lpm_trie"
    case .stackTrace: "bpf_stack_map"
    case .queue, .stack: "bpf_queue_stack"
    case .devmap, .devmapHash: "bpf_dtab"
    case .cpumap: "bpf_cpu_map"
    case .xskmap: "xsk_map"
    case .sockmap: "bpf_stab"
    case .sockhash: "bpf_shtab"
    case .reuseportSockarray: "reuseport_array"
    case .ringbuf, .userRingbuf: "bpf_ringbuf_map"
    case .bloomFilter: "bpf_bloom_filter"
    case .cgroupStorage, .percpuCgroupStorage: "bpf_cgroup_storage_map"
    case .structOps: "bpf_struct_ops_map"
    case .skStorage, .inodeStorage, .taskStorage, .cgrpStorage: "bpf_local_storage_map"
    case .arena: "bpf_arena"
    default: nil
    }
  }
}
