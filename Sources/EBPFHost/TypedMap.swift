internal import EBPFObject
public import EBPFTables

/// A map seen with the types of the application: ``HashMap``, ``ArrayMap``, ``RingBuffer`` and the others.
///
/// They have the names that programs in Swift declare maps by. Their types are checked against the object when one is made: sizes, and the
/// fields by the object's BTF. A typed map keeps all that was loaded with it.
public protocol TypedMap: Sendable {
  /// The map types that it can be.
  static var types: Set<MapType> { get }
  /// Sees a map of `loaded` with these types.
  /// - Throws: ``HostError`` with ``HostError/Code/badArgument``, naming the map, what it has and what was asked for.
  init(_ map: Map, of loaded: Loaded) throws(HostError)
}

extension Loaded {
  /// The map of that name, seen with the application's types.
  /// ```swift
  /// try loaded.map("packets", as: HashMap<IPv4Address, UInt64>.self).forEach { address, packets in print(address, packets) }
  /// ```
  /// - Throws: ``HostError`` with ``HostError/Code/notFound``, or with ``HostError/Code/badArgument`` where the map is of another type, or its
  ///   keys or values are not of these types.
  public func map<Typed: TypedMap>(_ name: String, as type: Typed.Type = Typed.self) throws(HostError) -> Typed {
    try Typed(map(name), of: self)
  }
}

extension TypedMap {
  /// Refuses a map of another type.
  static func checkType(of map: Map) throws(HostError) {
    guard !types.contains(map.spec.type) else { return }
    let names = types.map(\.description).sorted().joined(separator: " or ")
    throw HostError(.badArgument, "map '\(map.spec.name)' is of type \(map.spec.type); \(Self.self) sees maps of type \(names)")
  }
}

/// What the typed maps with keys share: the map, and both ways between bytes and values.
public struct TypedAccess<Key: BitwiseCopyable, Value: BitwiseCopyable>: Sendable {
  let map: Map
  let loaded: Loaded
  let key: RecordCodec<Key>
  let value: RecordCodec<Value>

  init(_ map: Map, of loaded: Loaded) throws(HostError) {
    let spec = map.spec
    self.map = map
    self.loaded = loaded
    let btf = loaded.object.btf
    key = try RecordCodec(Key.self, of: spec, "key", byteCount: spec.keySize, typeID: spec.keyTypeID, in: btf)
    value = try RecordCodec(Value.self, of: spec, "value", byteCount: spec.valueSize, typeID: spec.valueTypeID, in: btf)
  }

  /// All processors' values of the bytes of a lookup.
  func values(_ bytes: [UInt8]) -> [Value] {
    let stride = bytes.count / map.processorCount
    return (0..<map.processorCount).map { value.value(bytes, at: $0 * stride) }
  }

  /// The bytes of an update with a value for each processor.
  func bytes(_ values: [Value]) throws(HostError) -> [UInt8] {
    guard values.count == map.processorCount else {
      throw HostError(
        .badArgument, "map '\(map.spec.name)' holds the values of \(map.processorCount) processors; there are \(values.count)")
    }
    let stride = map.fullValueSize / map.processorCount
    var bytes: [UInt8] = []
    bytes.reserveCapacity(map.fullValueSize)
    for one in values {
      bytes += value.bytes(one)
      bytes += [UInt8](repeating: 0, count: stride - value.byteCount)
    }
    return bytes
  }
}

/// A map of keys, with a value under each: ``KeyedMap``, or with a value for each processor: ``PerCPUMap``.
public protocol EntryMap<Key, Value>: TypedMap {
  associatedtype Key: BitwiseCopyable
  associatedtype Value: BitwiseCopyable
  /// The map as bytes, and the ways there and back.
  var access: TypedAccess<Key, Value> { get }
}

extension EntryMap {
  /// The map as bytes.
  public var map: Map { access.map }

  /// Takes a key out; `false` where it was not there.
  @discardableResult
  public func delete(_ key: Key) throws(HostError) -> Bool { try access.map.delete(access.key.bytes(key)) }

  /// The keys that are in the map, each once.
  public func keys() throws(HostError) -> [Key] { try access.map.keys().map { access.key.value($0) } }

  /// How many keys are in the map.
  public var count: Int { get throws(HostError) { try access.map.keys().count } }
}

/// A map from keys to values: ``HashMap``, ``ArrayMap``, ``LPMTrie``.
public protocol KeyedMap<Key, Value>: EntryMap {}

extension KeyedMap {
  /// A copy of the value under a key; `nil` where there is none.
  public func lookup(_ key: Key) throws(HostError) -> Value? {
    try access.map.lookup(access.key.bytes(key)).map { access.value.value($0) }
  }

  /// A copy of the value under a key.
  public subscript(key: Key) -> Value? {
    get throws(HostError) { try lookup(key) }
  }

  /// Puts a value under a key. Bytes between fields go in as zero, so that a key is found whoever wrote it.
  /// - Throws: ``HostError`` with the kernel's errno: `E2BIG` full, `EEXIST`, `ENOENT`.
  public func update(_ key: Key, _ value: Value, _ mode: UpdateMode = .any) throws(HostError) {
    try access.map.update(access.key.bytes(key), access.value.bytes(value), mode)
  }

  /// Takes a key out and gives its value; `nil` where it was not there.
  public func lookupAndDelete(_ key: Key) throws(HostError) -> Value? {
    try access.map.lookupAndDelete(access.key.bytes(key)).map { access.value.value($0) }
  }

  /// Calls `body` with each key and its value. A key that is deleted meanwhile may be left out, one that is put in may or may not be seen.
  public func forEach(_ body: (Key, Value) throws -> Void) throws {
    var entries = try entries()
    while let (key, value) = try entries.next() { try body(key, value) }
  }

  /// The keys with their values, each value read when its turn comes.
  /// ```swift
  /// var entries = try packets.entries()
  /// while let (address, count) = try entries.next() { … }
  /// ```
  public func entries() throws(HostError) -> MapEntries<Key, Value> {
    MapEntries(keys: try access.map.keys(), map: access.map, key: access.key) { [value = access.value] in value.value($0) }
  }
}

/// A map from keys to a value for each processor: ``PerCPUHashMap``, ``PerCPUArrayMap``.
public protocol PerCPUMap<Key, Value>: EntryMap {}

extension PerCPUMap {
  /// How many processors have a value.
  public var processorCount: Int { access.map.processorCount }

  /// The values under a key, one for each processor; `nil` where there are none.
  public func lookup(_ key: Key) throws(HostError) -> [Value]? {
    try access.map.lookup(access.key.bytes(key)).map { access.values($0) }
  }

  /// The values under a key, one for each processor.
  public subscript(key: Key) -> [Value]? {
    get throws(HostError) { try lookup(key) }
  }

  /// Puts a value for each processor under a key.
  /// - Throws: ``HostError`` with ``HostError/Code/badArgument`` where there are more or fewer than ``processorCount``.
  public func update(_ key: Key, _ values: [Value], _ mode: UpdateMode = .any) throws(HostError) {
    try access.map.update(access.key.bytes(key), access.bytes(values), mode)
  }

  /// Puts one value under a key for every processor.
  public func update(_ key: Key, all value: Value, _ mode: UpdateMode = .any) throws(HostError) {
    try update(key, [Value](repeating: value, count: processorCount), mode)
  }

  /// Calls `body` with each key and its values, one for each processor.
  public func forEach(_ body: (Key, [Value]) throws -> Void) throws {
    var entries = try entries()
    while let (key, values) = try entries.next() { try body(key, values) }
  }

  /// The keys with their values, each read when its turn comes.
  public func entries() throws(HostError) -> MapEntries<Key, [Value]> {
    MapEntries(keys: try access.map.keys(), map: access.map, key: access.key) { [access] in access.values($0) }
  }
}

/// The entries of a map, one after the other: an iterator that can fail.
public struct MapEntries<Key: BitwiseCopyable, Value> {
  private var keys: ArraySlice<[UInt8]>
  private let map: Map
  private let key: RecordCodec<Key>
  private let value: ([UInt8]) -> Value

  init(keys: [[UInt8]], map: Map, key: RecordCodec<Key>, value: @escaping ([UInt8]) -> Value) {
    self.keys = keys[...]
    self.map = map
    self.key = key
    self.value = value
  }

  /// The next key that is still there, with its value; `nil` at the end.
  public mutating func next() throws(HostError) -> (key: Key, value: Value)? {
    while let bytes = keys.popFirst() {
      if let found = try map.lookup(bytes) { return (key.value(bytes), value(found)) }
    }
    return nil
  }
}
