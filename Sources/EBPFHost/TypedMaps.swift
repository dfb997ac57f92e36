internal import EBPFObject
public import EBPFTables

/// A hash map (`BPF_MAP_TYPE_HASH`, `BPF_MAP_TYPE_LRU_HASH`).
public struct HashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: KeyedMap {
  public static var types: Set<MapType> { [.hash, .lruHash] }
  public let access: TypedAccess<Key, Value>

  public init(_ map: Map, of loaded: Loaded) throws(HostError) {
    try Self.checkType(of: map)
    access = try TypedAccess(map, of: loaded)
  }
}

/// A hash map that makes room by dropping what was used least recently; the application sees no difference.
public typealias LRUHashMap = HashMap

/// An array of values, all there from the start (`BPF_MAP_TYPE_ARRAY`).
public struct ArrayMap<Value: BitwiseCopyable>: KeyedMap {
  public typealias Key = UInt32
  public static var types: Set<MapType> { [.array] }
  public let access: TypedAccess<UInt32, Value>

  public init(_ map: Map, of loaded: Loaded) throws(HostError) {
    try Self.checkType(of: map)
    access = try TypedAccess(map, of: loaded)
  }
}

/// A map by longest matching prefix (`BPF_MAP_TYPE_LPM_TRIE`); keys are a `Prefix`, or any type that begins with a `UInt32`, the length in bits.
public struct LPMTrie<Key: BitwiseCopyable, Value: BitwiseCopyable>: KeyedMap {
  public static var types: Set<MapType> { [.lpmTrie] }
  public let access: TypedAccess<Key, Value>

  public init(_ map: Map, of loaded: Loaded) throws(HostError) {
    try Self.checkType(of: map)
    access = try TypedAccess(map, of: loaded)
  }
}

/// A hash map with one value for each processor (`BPF_MAP_TYPE_PERCPU_HASH`, `BPF_MAP_TYPE_LRU_PERCPU_HASH`).
public struct PerCPUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: PerCPUMap {
  public static var types: Set<MapType> { [.percpuHash, .lruPercpuHash] }
  public let access: TypedAccess<Key, Value>

  public init(_ map: Map, of loaded: Loaded) throws(HostError) {
    try Self.checkType(of: map)
    access = try TypedAccess(map, of: loaded)
  }
}

/// A per-CPU hash map that makes room by dropping what was used least recently; the application sees no difference.
public typealias LRUPerCPUHashMap = PerCPUHashMap

/// An array with one value for each processor and index (`BPF_MAP_TYPE_PERCPU_ARRAY`).
public struct PerCPUArrayMap<Value: BitwiseCopyable>: PerCPUMap {
  public typealias Key = UInt32
  public static var types: Set<MapType> { [.percpuArray] }
  public let access: TypedAccess<UInt32, Value>

  public init(_ map: Map, of loaded: Loaded) throws(HostError) {
    try Self.checkType(of: map)
    access = try TypedAccess(map, of: loaded)
  }
}

/// Values without keys: first in, first out (`BPF_MAP_TYPE_QUEUE`), or last in, first out (`BPF_MAP_TYPE_STACK`).
public struct QueueMap<Element: BitwiseCopyable>: TypedMap {
  public static var types: Set<MapType> { [.queue, .stack] }
  /// The map as bytes.
  public let map: Map
  private let loaded: Loaded
  private let element: RecordCodec<Element>

  public init(_ map: Map, of loaded: Loaded) throws(HostError) {
    try Self.checkType(of: map)
    let spec = map.spec
    self.map = map
    self.loaded = loaded
    element = try RecordCodec(
      Element.self, of: spec, "value", byteCount: spec.valueSize, typeID: spec.valueTypeID, in: loaded.object.btf)
  }

  /// Puts an element in.
  public func push(_ value: Element) throws(HostError) { try map.update([], element.bytes(value)) }

  /// Takes the next element out; `nil` where there is none.
  public func pop() throws(HostError) -> Element? { try map.lookupAndDelete([]).map { element.value($0) } }

  /// The next element; `nil` where there is none.
  public func peek() throws(HostError) -> Element? { try map.lookup([]).map { element.value($0) } }
}

/// A map whose last element in is the first one out; the application sees no difference.
public typealias StackMap = QueueMap
