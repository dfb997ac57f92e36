public import EBPFObject
internal import EBPFTables

/// A live map. Keys and values are bytes here, of exactly the sizes that ``spec`` says.
///
/// Values of per-CPU maps are all processors' values in a row, each padded to a multiple of eight bytes, as in the kernel.
/// All operations may be called from several threads at once.
public final class Map: Sendable {
  /// The definition that the map was made from, with what the host has filled in.
  public let spec: MapSpec
  package let backend: any MapBackend

  package init(spec: MapSpec, backend: any MapBackend) {
    self.spec = spec
    self.backend = backend
  }

  /// Bytes of a value as ``lookup(_:)`` returns it: for per-CPU maps, of all processors.
  public var fullValueSize: Int { backend.fullValueSize }

  /// The processors whose values a per-CPU map holds; 1 for other maps.
  public var processorCount: Int { backend.processorCount }

  /// A copy of the value under a key, or `nil`.
  public func lookup(_ key: [UInt8]) throws(HostError) -> [UInt8]? { try backend.lookup(key) }

  /// Puts a value under a key. Errors carry the kernel's errno: `E2BIG` full, `EEXIST`, `ENOENT`, `EINVAL`.
  public func update(_ key: [UInt8], _ value: [UInt8], _ mode: UpdateMode = .any) throws(HostError) {
    try backend.update(key, value, mode)
  }

  /// ``lookup(_:)`` while the value's `struct bpf_spin_lock` is held (`BPF_F_LOCK`): no program's change is seen half done.
  /// - Throws: ``HostError`` with `EINVAL` where values have no lock.
  public func lookup(_ key: [UInt8], locked: Bool) throws(HostError) -> [UInt8]? { try backend.lookup(key, locked: locked) }

  /// ``update(_:_:_:)`` while the value's `struct bpf_spin_lock` is held (`BPF_F_LOCK`); the lock itself is left as it is.
  /// - Throws: ``HostError`` with `EINVAL` where values have no lock, or the type of map (LRU) takes no such updates.
  public func update(_ key: [UInt8], _ value: [UInt8], _ mode: UpdateMode = .any, locked: Bool) throws(HostError) {
    try backend.update(key, value, mode, locked: locked)
  }

  /// Puts a map of the same host under a key of a map of maps.
  public func update(_ key: [UInt8], map: Map, _ mode: UpdateMode = .any) throws(HostError) {
    try backend.update(key, map: map.backend, mode)
  }

  /// Puts a program of the same host under a key of a prog array.
  public func update(_ key: [UInt8], program: Program) throws(HostError) { try backend.update(key, program: program.backend) }

  /// Takes a key out; `false` where it was not there.
  public func delete(_ key: [UInt8]) throws(HostError) -> Bool { try backend.delete(key) }

  /// The key after a key, the first for `nil` or for a key that is gone; `nil` at the end (`BPF_MAP_GET_NEXT_KEY`).
  public func nextKey(after key: [UInt8]?) throws(HostError) -> [UInt8]? { try backend.nextKey(after: key) }

  /// Pops a value off a queue or stack (`BPF_MAP_LOOKUP_AND_DELETE_ELEM`), or looks up and deletes; `nil` where there is none.
  public func lookupAndDelete(_ key: [UInt8]) throws(HostError) -> [UInt8]? { try backend.lookupAndDelete(key) }

  /// Records that are in a ring buffer, taken out and given to `body` in order; returns how many there were.
  public func drain(_ body: (UnsafeRawBufferPointer) -> Void) throws(HostError) -> Int { try backend.drain(body) }

  /// Waits, at most as long as given, until a ring buffer has a record to ``drain(_:)`` whose writer asked for a wake-up.
  /// - Returns: whether there is one.
  public func wait(for timeout: Duration) throws(HostError) -> Bool {
    let (seconds, attoseconds) = timeout.components
    return try backend.wait(nanoseconds: max(0, min(seconds, 1 << 32)) * 1_000_000_000 + attoseconds / 1_000_000_000)
  }

  /// Everything in the map, each key once: a snapshot where nothing changes it meanwhile.
  public func entries() throws(HostError) -> [(key: [UInt8], value: [UInt8])] {
    var result: [(key: [UInt8], value: [UInt8])] = []
    for key in try keys() {
      if let value = try lookup(key) { result.append((key, value)) }
    }
    return result
  }

  /// The keys that are in the map, each once, in the map's order.
  public func keys() throws(HostError) -> [[UInt8]] {
    if spec.type.isArray { return (0..<spec.maxEntries).map { withUnsafeBytes(of: UInt32($0)) { [UInt8]($0) } } }
    var result: [[UInt8]] = []
    var seen = Set<[UInt8]>()
    try walk { key in
      if seen.insert(key).inserted { result.append(key) }
    }
    return result
  }

  /// Goes from key to key. Where a key is deleted under the walk it begins anew, and keys come again; it ends in any case.
  package func walk(_ body: ([UInt8]) -> Void) throws(HostError) {
    var count = 0
    var key = try nextKey(after: nil)
    while let current = key, count < 2 * max(spec.maxEntries, 1024) {
      body(current)
      count += 1
      key = try nextKey(after: current)
    }
  }

  /// The indices of an array's elements that are not all zero (of a per-CPU array, on any processor), in order.
  package func visitNonzero(_ body: (Int) -> Void) throws(HostError) { try backend.visitNonzero(body) }

  /// Gives the map back; programs that are running keep its memory until they end.
  public func close() { backend.close() }
}

/// Whether ``Map/update(_:_:_:)`` may create, replace or both.
public enum UpdateMode: UInt64, Sendable {
  /// `BPF_ANY`
  case any = 0
  /// `BPF_NOEXIST`
  case noExist = 1
  /// `BPF_EXIST`
  case exist = 2
}

/// What a host implements behind ``Map``.
package protocol MapBackend: Sendable {
  var fullValueSize: Int { get }
  var processorCount: Int { get }
  func lookup(_ key: [UInt8]) throws(HostError) -> [UInt8]?
  func update(_ key: [UInt8], _ value: [UInt8], _ mode: UpdateMode) throws(HostError)
  func lookup(_ key: [UInt8], locked: Bool) throws(HostError) -> [UInt8]?
  func update(_ key: [UInt8], _ value: [UInt8], _ mode: UpdateMode, locked: Bool) throws(HostError)
  func update(_ key: [UInt8], map: any MapBackend, _ mode: UpdateMode) throws(HostError)
  func update(_ key: [UInt8], program: any ProgramBackend) throws(HostError)
  func delete(_ key: [UInt8]) throws(HostError) -> Bool
  func nextKey(after key: [UInt8]?) throws(HostError) -> [UInt8]?
  func lookupAndDelete(_ key: [UInt8]) throws(HostError) -> [UInt8]?
  func drain(_ body: (UnsafeRawBufferPointer) -> Void) throws(HostError) -> Int
  func wait(nanoseconds: Int64) throws(HostError) -> Bool
  func visitNonzero(_ body: (Int) -> Void) throws(HostError)
  /// Bytes of a data section's only element, read in place: of 1, 2, 4 or 8 aligned ones, at once.
  func readData(_ range: Range<Int>) throws(HostError) -> [UInt8]
  /// Writes bytes of a data section's only element in place, and no others.
  func writeData(_ bytes: [UInt8], at offset: Int) throws(HostError)
  func close()
}

/// Copies between a variable and a buffer; a number of the machine's goes over at once, as programs and other threads see it.
package func copyVariable(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, byteCount: Int) {
  let places = UInt(bitPattern: source) | UInt(bitPattern: target)
  switch byteCount {
  case 8 where places & 7 == 0: target.storeBytes(of: source.load(as: UInt64.self), as: UInt64.self)
  case 4 where places & 3 == 0: target.storeBytes(of: source.load(as: UInt32.self), as: UInt32.self)
  case 2 where places & 1 == 0: target.storeBytes(of: source.load(as: UInt16.self), as: UInt16.self)
  default: target.copyMemory(from: source, byteCount: byteCount)
  }
}
