internal import EBPFBTF
internal import EBPFObject
internal import EBPFTables

/// What the rules ask of a map.
struct MapModel {
  let name: String
  let type: MapType
  let keySize: Int
  let valueSize: Int
  let maxEntries: Int
  let flags: MapFlags
  /// The bytes of the only value, where neither the program nor user space can change them: loads from it are known numbers.
  let constants: [UInt8]?
  /// The map that a look-up gives, for maps of maps: index of its model.
  let inner: Int?
  /// Parts of the value that only helpers may touch.
  let special: [SpecialField]

  var programReads: Bool { !flags.contains(.writeOnlyProgram) || flags.contains(.readOnlyProgram) }
  var programWrites: Bool { !flags.contains(.readOnlyProgram) }

  /// The models of an object's maps, at their indices, and behind them those of inner maps.
  static func models(of object: ObjectSpec) -> [MapModel] {
    var inners: [MapModel] = []
    var result: [MapModel] = []
    for map in object.maps {
      var inner: Int?
      if map.type == .arrayOfMaps || map.type == .hashOfMaps, let template = innerTemplate(of: map, in: object) {
        inner = object.maps.count + inners.count
        inners.append(MapModel(template, object: object, inner: nil))
      }
      result.append(MapModel(map, object: object, inner: inner))
    }
    return result + inners
  }

  private static func innerTemplate(of map: MapSpec, in object: ObjectSpec) -> MapSpec? {
    if let template = map.inner.first { return template }
    for entry in map.contents {
      if case .map(let index) = entry.value, object.maps.indices.contains(index) { return object.maps[index] }
    }
    return nil
  }

  private init(_ map: MapSpec, object: ObjectSpec, inner: Int?) {
    name = map.name
    type = map.type
    keySize = map.keySize
    valueSize = map.valueSize
    maxEntries = map.maxEntries
    flags = map.flags
    self.inner = inner
    special = SpecialField.fields(of: map.valueTypeID, in: object.btf)
    if map.isFrozen, map.flags.contains(.readOnlyProgram), map.type == .array, map.maxEntries == 1 {
      var bytes = [UInt8](repeating: 0, count: max(0, map.valueSize))
      for entry in map.contents {
        if case .bytes(let value) = entry.value {
          bytes.replaceSubrange(0..<min(value.count, bytes.count), with: value.prefix(bytes.count))
        }
      }
      constants = bytes
    } else {
      constants = nil
    }
  }

  /// Whether an `ld_imm64` may point into the value (`map_direct_value_addr`).
  var hasDirectValue: Bool { type == .array }

  func hasField(_ kind: SpecialField.Kind) -> Bool { special.contains { $0.kind == kind } }
}

/// A part of a map value that the kernel keeps for itself (`struct btf_field`).
struct SpecialField {
  enum Kind: String {
    case spinLock = "bpf_spin_lock"
    case resilientSpinLock = "bpf_res_spin_lock"
    case timer = "bpf_timer"
    case workQueue = "bpf_wq"
    case taskWork = "bpf_task_work"
    case listHead = "bpf_list_head"
    case listNode = "bpf_list_node"
    case treeRoot = "bpf_rb_root"
    case treeNode = "bpf_rb_node"
    case refcount = "bpf_refcount"
    /// A pointer with one of the tags `kptr`, `kptr_untrusted`, `percpu_kptr`, `uptr`.
    case kernelPointer = "kptr"
  }
  let kind: Kind
  /// Bytes from the value's start, and size in bytes.
  let offset: Int
  let size: Int

  static func fields(of type: BTF.TypeID, in btf: BTF?) -> [SpecialField] {
    guard let btf, type != 0 else { return [] }
    var result: [SpecialField] = []
    var budget = 4096
    collect(type, in: btf, at: 0, depth: 0, &budget, &result)
    return result
  }

  private static func collect(
    _ id: BTF.TypeID, in btf: BTF, at offset: Int, depth: Int, _ budget: inout Int, _ result: inout [SpecialField]
  ) {
    budget -= 1
    guard depth < 16, budget > 0, let type = btf.resolve(id) else { return }
    switch type.kind {
    case .structure, .union:
      if let kind = Kind(rawValue: type.name), kind != .kernelPointer {
        result.append(SpecialField(kind: kind, offset: offset, size: type.statedSize ?? 0))
        return
      }
      for member in type.members where member.bitFieldSize == 0 {
        collect(member.typeID, in: btf, at: offset + member.bitOffset / 8, depth: depth + 1, &budget, &result)
      }
    case .array:
      guard let size = btf.size(of: type.target), size > 0 else { return }
      for index in 0..<min(type.arrayCount, 1024) {
        let before = result.count
        collect(type.target, in: btf, at: offset + index * size, depth: depth + 1, &budget, &result)
        if result.count == before { break }
      }
    case .pointer:
      guard let tag = btf.type(type.target), tag.kind == .typeTag else { return }
      if ["kptr", "kptr_untrusted", "percpu_kptr", "uptr"].contains(tag.name) {
        result.append(SpecialField(kind: .kernelPointer, offset: offset, size: 8))
      }
    default: break
    }
  }
}
