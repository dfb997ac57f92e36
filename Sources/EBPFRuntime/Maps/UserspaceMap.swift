import CEBPF
import EBPFHost
import EBPFObject
import EBPFTables
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A map in this process.
///
/// Programs know it by its ``header`` and go through the functions there; the host API goes through the methods below, one subclass for each
/// family of types. Both answer with the kernel's errno, and both may be called from any thread at any time.
///
/// Unchecked, here and in each subclass: what they share is memory behind pointers, which they change atomically or under a lock.
class UserspaceMap: MapBackend, @unchecked Sendable {
  let spec: MapSpec
  let processorCount: Int
  let fullValueSize: Int
  /// What programs hold.
  let header: UnsafeMutablePointer<ebpf_map>
  /// What the host API shows for the map where it is a value in another.
  let id = UserspaceID.next()
  private let isClosed = Atomic<Bool>(false)
  private let isFrozen = Atomic<Bool>(false)

  /// - Parameters:
  ///   - spec: checked, and adjusted as ``MapCreator`` does.
  ///   - processorCount: the host's, for types with a value for each processor.
  init(spec: MapSpec, processorCount: Int) {
    self.spec = spec
    self.processorCount = spec.type.isPerCPU ? processorCount : 1
    fullValueSize = spec.type.isPerCPU ? roundedToWord(spec.valueSize) * processorCount : spec.valueSize
    header = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<ebpf_map>.stride, alignment: 64)
      .bindMemory(to: ebpf_map.self, capacity: 1)
    header.initialize(
      to: ebpf_map(
        type: spec.type.rawValue, key_size: UInt32(spec.keySize), value_size: UInt32(spec.valueSize),
        max_entries: UInt32(spec.maxEntries), flags: spec.flags.rawValue, value_stride: 0, values: nil, cpu_stride: 0,
        processors: UInt32(self.processorCount), lock_end: 0,
        lookup: { _, _, _ in nil }, update: { _, _, _, _, _ in negated(EOPNOTSUPP) }, remove: { _, _, _ in negated(EOPNOTSUPP) },
        push: { _, _, _ in negated(EOPNOTSUPP) }, pop: { _, _ in negated(EOPNOTSUPP) }, peek: { _, _ in negated(EOPNOTSUPP) },
        lookup_on: { _, _, _ in nil }, for_each: { _, _, _, _ in negated(EOPNOTSUPP) }, table: nil, owner: nil))
    header.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit { header.deallocate() }

  // MARK: What a type implements

  /// Copies the value under a key out (``fullValueSize`` bytes).
  /// - Returns: 0 or an errno, as do the others.
  func read(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 { notSupported }

  /// The same while the value's lock is held; asked only of maps whose values have one.
  func readLocked(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 { notSupported }

  /// Puts a value (``fullValueSize`` bytes) under a key.
  func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 { notSupported }

  func erase(_ key: UnsafeRawPointer) -> Int32 { notSupported }

  /// Writes the key after a key, or the first.
  func next(after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer) -> Int32 { notSupported }

  /// Copies a value out and deletes it.
  func take(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 { notSupported }

  func drain(_ body: (UnsafeRawBufferPointer) -> Void) throws(HostError) -> Int {
    throw HostError(.unsupported, "map '\(spec.name)' is no ring buffer: it has elements to look up, not records to drain")
  }

  /// Waits for a record of a ring buffer; whether there is one.
  func wait(nanoseconds: Int64) throws(HostError) -> Bool {
    throw HostError(.unsupported, "map '\(spec.name)' is no ring buffer: there is nothing to wait for")
  }

  /// The indices of an array's elements that are not all zero, in order.
  func findNonzero(_ body: (Int) -> Void) {}

  /// Puts a program or map under a key.
  func put(_ program: UserspaceProgram, _ key: UnsafeRawPointer) -> Int32 { EINVAL }
  func put(_ map: UserspaceMap, _ key: UnsafeRawPointer, _ flags: UInt64) -> Int32 { EINVAL }

  /// Lets go of what the map holds besides bytes.
  func clear() {}

  /// The address of the first value, and how many bytes there are, where programs may refer to it directly.
  var directValues: (address: UInt64, byteCount: UInt64)? { nil }

  // MARK: The host's side

  func lookup(_ key: [UInt8]) throws(HostError) -> [UInt8]? {
    try checkAccess(.writeOnly, "look up in")
    return try receive(fullValueSize, "look up in", key) { read($0, into: $1) }
  }

  func lookup(_ key: [UInt8], locked: Bool) throws(HostError) -> [UInt8]? {
    guard locked else { return try lookup(key) }
    try checkAccess(.writeOnly, "look up in")
    try checkLock("look up in")
    return try receive(fullValueSize, "look up in", key) { readLocked($0, into: $1) }
  }

  func update(_ key: [UInt8], _ value: [UInt8], _ mode: UpdateMode, locked: Bool) throws(HostError) {
    guard locked else { return try update(key, value, mode) }
    try checkAccess(.readOnly, "update")
    try checkLock("update")
    try fill(key, value, flags: mode.rawValue | UpdateFlags.lock)
  }

  private func checkLock(_ action: String) throws(HostError) {
    guard header.pointee.lock_end == 0 else { return }
    throw HostError(
      .mapOperation, "\(action) map '\(spec.name)': its values have no struct bpf_spin_lock to hold (EINVAL)", errno: EINVAL)
  }

  func lookupAndDelete(_ key: [UInt8]) throws(HostError) -> [UInt8]? {
    try checkAccess(.writeOnly, "take out of")
    try checkAccess(.readOnly, "take out of")
    return try receive(fullValueSize, "take out of", key) { take($0, into: $1) }
  }

  func update(_ key: [UInt8], _ value: [UInt8], _ mode: UpdateMode) throws(HostError) {
    try checkAccess(.readOnly, "update")
    try fill(key, value, mode)
  }

  /// Updates whatever the map's flags say: how a loader puts the contents in.
  func fill(_ key: [UInt8], _ value: [UInt8], _ mode: UpdateMode = .any) throws(HostError) {
    try fill(key, value, flags: mode.rawValue)
  }

  private func fill(_ key: [UInt8], _ value: [UInt8], flags: UInt64) throws(HostError) {
    try checkSize(key)
    guard value.count == fullValueSize else {
      throw HostError(.badArgument, "map '\(spec.name)' has values of \(fullValueSize) bytes, not \(value.count)")
    }
    let error = key.withUnsafeBytes { key in
      value.withUnsafeBytes { value in write(key.startOrAny, value.startOrAny, flags) }
    }
    if error != 0 { throw failure("update", error) }
  }

  func update(_ key: [UInt8], map: any MapBackend, _ mode: UpdateMode) throws(HostError) {
    try checkAccess(.readOnly, "update")
    guard let map = map as? UserspaceMap else {
      throw HostError(.badArgument, "map '\(spec.name)' is of the userspace host and takes maps of that host only")
    }
    try put(map, under: key, mode)
  }

  func update(_ key: [UInt8], program: any ProgramBackend) throws(HostError) {
    try checkAccess(.readOnly, "update")
    guard let program = program as? UserspaceProgram else {
      throw HostError(.badArgument, "map '\(spec.name)' is of the userspace host and takes programs of that host only")
    }
    try put(program, under: key)
  }

  /// Puts a program or a map under a key.
  func put(_ program: UserspaceProgram, under key: [UInt8]) throws(HostError) {
    try checkSize(key)
    let error = key.withUnsafeBytes { put(program, $0.startOrAny) }
    if error != 0 { throw failure("put program '\(program.spec.name)' into", error) }
  }

  func put(_ map: UserspaceMap, under key: [UInt8], _ mode: UpdateMode = .any) throws(HostError) {
    try checkSize(key)
    let error = key.withUnsafeBytes { put(map, $0.startOrAny, mode.rawValue) }
    if error != 0 { throw failure("put map '\(map.spec.name)' into", error) }
  }

  func delete(_ key: [UInt8]) throws(HostError) -> Bool {
    try checkAccess(.readOnly, "delete from")
    try checkSize(key)
    switch key.withUnsafeBytes({ erase($0.startOrAny) }) {
    case 0: return true
    case ENOENT: return false
    case let error: throw failure("delete from", error)
    }
  }

  func nextKey(after key: [UInt8]?) throws(HostError) -> [UInt8]? {
    try checkAccess(.writeOnly, "find the next key of")
    guard let key, !key.isEmpty || spec.keySize == 0 else {
      return try receive(spec.keySize, "find the next key of", nil) { next(after: nil, into: $1) }
    }
    return try receive(spec.keySize, "find the next key of", key) { next(after: $0, into: $1) }
  }

  func visitNonzero(_ body: (Int) -> Void) throws(HostError) {
    try checkAccess(.writeOnly, "look up in")
    findNonzero(body)
  }

  func readData(_ range: Range<Int>) throws(HostError) -> [UInt8] {
    try checkAccess(.writeOnly, "look up in")
    let start = try data(range)
    return [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      if let target = buffer.baseAddress { copyVariable(from: start, to: target, byteCount: range.count) }
      count = range.count
    }
  }

  func writeData(_ bytes: [UInt8], at offset: Int) throws(HostError) {
    try checkAccess(.readOnly, "update")
    let start = try data(offset..<offset + bytes.count)
    bytes.withUnsafeBytes { copyVariable(from: $0.startOrAny, to: start, byteCount: bytes.count) }
  }

  /// Where bytes of a data section lie.
  private func data(_ range: Range<Int>) throws(HostError) -> UnsafeMutableRawPointer {
    guard let values = directValues, range.lowerBound >= 0, range.upperBound <= Int(values.byteCount),
      let start = UnsafeMutableRawPointer(bitPattern: UInt(values.address))
    else { throw HostError(.badArgument, "map '\(spec.name)' has no bytes \(range) of data") }
    return start + range.lowerBound
  }

  func close() {
    if isClosed.exchange(true, ordering: .acquiringAndReleasing) { return }
    clear()
  }

  /// From now on the host's side cannot change the map (`BPF_MAP_FREEZE`).
  func freeze() { isFrozen.store(true, ordering: .releasing) }

  private func receive(
    _ size: Int, _ action: String, _ key: [UInt8]?, _ body: (UnsafeRawPointer, UnsafeMutableRawPointer) -> Int32
  ) throws(HostError) -> [UInt8]? {
    if let key { try checkSize(key) }
    var error: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      // All of it is initialized: what an operation that fails leaves out stays zero.
      buffer.initialize(repeating: 0)
      count = size
      let target = UnsafeMutableRawBufferPointer(buffer).startOrAny
      error = (key ?? []).withUnsafeBytes { body($0.startOrAny, target) }
    }
    switch error {
    case 0: return bytes
    case ENOENT: return nil
    default: throw failure(action, error)
    }
  }

  private func checkSize(_ key: [UInt8]) throws(HostError) {
    guard key.count == spec.keySize else {
      throw HostError(.badArgument, "map '\(spec.name)' has keys of \(spec.keySize) bytes, not \(key.count)")
    }
  }

  /// Refuses what a flag of the map's, or freezing it, forbids to the host.
  private func checkAccess(_ forbidding: MapFlags, _ action: String) throws(HostError) {
    try checkOpen()
    if spec.flags.contains(forbidding) || forbidding == .readOnly && isFrozen.load(ordering: .acquiring) { throw failure(action, EPERM) }
  }

  func checkOpen() throws(HostError) {
    if isClosed.load(ordering: .acquiring) { throw HostError(.closed, "map '\(spec.name)' was closed") }
  }

  func failure(_ action: String, _ error: Int32) -> HostError {
    let reason =
      switch error {
      case E2BIG where spec.type.hasIndices: "the index is not below \(spec.maxEntries)"
      case E2BIG: "it is full (\(spec.maxEntries) entries)"
      case ENOSPC: "it is full (\(spec.maxEntries) entries)"
      case EBADF: "its values are programs or maps, not bytes"
      case EEXIST: "the key is there already"
      case ENOENT: "no such key"
      case EPERM where isFrozen.load(ordering: .acquiring): "it is frozen"
      case EPERM: "its flags forbid it"
      case ENOMEM: "no memory"
      case notSupported: "a \(spec.type) does not have the operation"
      default: "a \(spec.type) does not take this key, value or mode"
      }
    return HostError(.mapOperation, "\(action) map '\(spec.name)': \(reason) (\(Errno.name(error)))", errno: error)
  }
}

extension UnsafeRawBufferPointer {
  /// The first byte's address; of no bytes, any address.
  var startOrAny: UnsafeRawPointer { baseAddress ?? UnsafeRawPointer(bitPattern: 8).unsafelyUnwrapped }
}

extension UnsafeMutableRawBufferPointer {
  var startOrAny: UnsafeMutableRawPointer { baseAddress ?? UnsafeMutableRawPointer(bitPattern: 8).unsafelyUnwrapped }
}
