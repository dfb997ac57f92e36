import CEBPF
import EBPFObject
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What inner maps must be like (`kernel/bpf/map_in_map.c`): as the outer map's template.
struct InnerMapTemplate: Sendable {
  private let spec: MapSpec

  /// - Returns: `nil` where the kernel takes no such inner maps: maps of maps and those that only it can make.
  init?(_ spec: MapSpec) {
    guard !spec.type.isMapOfMaps, spec.type != .progArray else { return nil }
    self.spec = spec
  }

  func admits(_ map: UserspaceMap) -> Bool {
    let other = map.spec
    guard other.type == spec.type, other.keySize == spec.keySize, other.valueSize == spec.valueSize, other.flags == spec.flags else {
      return false
    }
    // Programs index arrays without looking, unless they were told not to (`array_map_meta_equal`).
    return spec.type != .array || spec.flags.contains(.innerMap) || other.maxEntries == spec.maxEntries
  }
}

/// `BPF_MAP_TYPE_ARRAY_OF_MAPS`: maps by index. A map that is replaced stays until the programs that may have looked it up have ended.
final class ArrayOfMaps: UserspaceMap, @unchecked Sendable {
  private let memory: MapMemory
  private let template: InnerMapTemplate
  /// What keeps the inner maps alive.
  private let inner = Locked<[UInt32: UserspaceMap]>([:])

  /// - Returns: `nil` where there is not enough memory.
  init?(spec: MapSpec, template: InnerMapTemplate) {
    guard let memory = MapMemory(byteCount: spec.maxEntries * 8) else { return nil }
    self.memory = memory
    self.template = template
    super.init(spec: spec, processorCount: 1)
    header.pointee.values = memory.start
    header.pointee.value_stride = 8
    setFunctions()
  }

  private func setFunctions() {
    header.pointee.lookup = { map, key, _ in
      let index = key.loadUnaligned(as: UInt32.self)
      guard index < map.pointee.max_entries else { return nil }
      let values = UInt64(UInt(bitPattern: map.pointee.values))
      return UnsafeMutableRawPointer(bitPattern: UInt(cebpf_load_acquire64(values &+ UInt64(index) &* 8)))
    }
  }

  private func exchange(_ index: UInt32, _ map: UserspaceMap?) -> UserspaceMap? {
    let place = UInt64(UInt(bitPattern: memory.start)) + UInt64(index) * 8
    let old = inner.withLock { inner in
      _ = cebpf_atomic_exchange64(place, UInt64(UInt(bitPattern: map?.header)))
      let old = inner[index]
      inner[index] = map
      return old
    }
    if let old { Retired.keep(old) }
    return old
  }

  override func put(_ map: UserspaceMap, _ key: UnsafeRawPointer, _ flags: UInt64) -> Int32 {
    let index = key.loadUnaligned(as: UInt32.self)
    if flags != UpdateFlags.any { return EINVAL }
    if index >= spec.maxEntries { return E2BIG }
    if !template.admits(map) { return EINVAL }
    _ = exchange(index, map)
    return 0
  }

  override func erase(_ key: UnsafeRawPointer) -> Int32 {
    let index = key.loadUnaligned(as: UInt32.self)
    if index >= spec.maxEntries { return E2BIG }
    return exchange(index, nil) == nil ? ENOENT : 0
  }

  override func read(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 {
    let index = key.loadUnaligned(as: UInt32.self)
    guard let id = inner.withLock({ $0[index]?.id }) else { return ENOENT }
    value.storeBytes(of: id, as: UInt32.self)
    return 0
  }

  /// The kernel takes a descriptor here, of which there are none.
  override func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 { EBADF }

  override func next(after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer) -> Int32 {
    nextIndex(after: key, count: spec.maxEntries, into: next)
  }
}

/// `BPF_MAP_TYPE_HASH_OF_MAPS`: maps by key; an element's value is the address of its map's header, and counts as a reference to it.
final class HashOfMaps: HashMap, @unchecked Sendable {
  private let template: InnerMapTemplate

  /// - Returns: `nil` where there is not enough memory.
  init?(spec: MapSpec, template: InnerMapTemplate) {
    self.template = template
    super.init(spec: spec, processors: 1)
    header.pointee.lookup = { map, key, _ in
      let table = hashTable(map)
      let element = table.pointee.find(KeyAny.self, key)
      if element == 0 { return nil }
      return UnsafeMutableRawPointer(bitPattern: UInt(cebpf_load_relaxed64(element &+ UInt64(table.pointee.valueOffset))))
    }
  }

  deinit {
    for bucket in 0...table.pointee.mask {
      var element = table.pointee.first(in: bucket)
      while element != 0 {
        Self.reference(inner(element)).release()
        element = table.pointee.following(element)
      }
    }
  }

  private func inner(_ element: UInt64) -> UInt64 { cebpf_load_relaxed64(element &+ UInt64(table.pointee.valueOffset)) }

  private static func reference(_ header: UInt64) -> Unmanaged<UserspaceMap> {
    Unmanaged<UserspaceMap>.fromOpaque(mapHeader(header).pointee.owner.unsafelyUnwrapped)
  }

  override func put(_ map: UserspaceMap, _ key: UnsafeRawPointer, _ flags: UInt64) -> Int32 {
    if !template.admits(map) { return EINVAL }
    let reference = Unmanaged.passRetained(map)
    var value = UInt64(UInt(bitPattern: map.header))
    var replaced: UInt64 = 0
    let error = put(key, &value, flags, on: nil, replaced: &replaced)
    if error != 0 { reference.release() }
    if replaced != 0 { Retired.keep(Self.reference(replaced).takeRetainedValue()) }
    return error
  }

  override func erase(_ key: UnsafeRawPointer) -> Int32 {
    var old: UInt64 = 0
    let error = withElement(key) { element, _ in
      old = inner(element)
      return true
    }
    if old != 0 { Retired.keep(Self.reference(old).takeRetainedValue()) }
    return error
  }

  override func read(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 {
    withElement(key) { element, _ in
      value.storeBytes(of: Self.reference(inner(element))._withUnsafeGuaranteedRef { $0.id }, as: UInt32.self)
      return false
    }
  }

  override func take(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 { notSupported }

  /// The kernel takes a descriptor here, of which there are none.
  override func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 { EBADF }
}
