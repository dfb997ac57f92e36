import BPF
public import EBPFHost
import EBPFObject

/// A map of a program under test, read and set with the types of the program's own source.
public struct TestMap: Sendable {
  /// The host's map.
  public let map: Map

  /// The value of a key; of a per-CPU map that of the first processor, ``values(of:as:)`` gives all. `nil` where there is none.
  /// - Throws: ``HostError/Code/badArgument`` where the types have not the map's sizes.
  public func value<Key: BitwiseCopyable, Value: BitwiseCopyable>(of key: Key, as type: Value.Type = Value.self) throws(HostError) -> Value?
  {
    try values(of: key, as: type)?.first
  }

  /// The values of a key on each processor; one for maps that are shared.
  public func values<Key: BitwiseCopyable, Value: BitwiseCopyable>(
    of key: Key, as type: Value.Type = Value.self
  ) throws(HostError) -> [Value]? {
    guard let bytes = try map.lookup(padded(key, to: map.spec.keySize, "key")) else { return nil }
    try check(type, map.spec.valueSize, "value")
    let stride = bytes.count / map.processorCount
    return (0..<map.processorCount).map { index in
      bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * stride, as: Value.self) }
    }
  }

  /// Puts a value under a key: a fixture. In a per-CPU map every processor gets it.
  public func set<Key: BitwiseCopyable, Value: BitwiseCopyable>(_ key: Key, _ value: Value) throws(HostError) {
    let value = try padded(value, to: map.spec.valueSize, "value")
    let stride = map.fullValueSize / map.processorCount
    var all: [UInt8] = []
    for _ in 0..<map.processorCount { all += value + [UInt8](repeating: 0, count: stride - value.count) }
    try map.update(padded(key, to: map.spec.keySize, "key"), all)
  }

  /// Takes a key out; `false` where it was not there.
  @discardableResult
  public func remove<Key: BitwiseCopyable>(_ key: Key) throws(HostError) -> Bool {
    try map.delete(padded(key, to: map.spec.keySize, "key"))
  }

  /// How many elements the map holds.
  public var count: Int { get throws(HostError) { try map.entries().count } }

  /// Every key with its value, in the map's order.
  public func entries<Key: BitwiseCopyable, Value: BitwiseCopyable>(
    _ key: Key.Type = Key.self, _ value: Value.Type = Value.self
  ) throws(HostError) -> [(key: Key, value: Value)] {
    try check(key, map.spec.keySize, "key")
    try check(value, map.spec.valueSize, "value")
    return try map.entries().map { entry in
      (
        key: entry.key.withUnsafeBytes { $0.loadUnaligned(as: Key.self) },
        value: entry.value.withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
      )
    }
  }

  /// The records that are in a ring buffer, taken out.
  public func records<Record: BitwiseCopyable>(as type: Record.Type = Record.self) throws(HostError) -> [Record] {
    var records: [Record] = []
    var short: Int?
    _ = try map.drain { bytes in
      if bytes.count >= MemoryLayout<Record>.size { records.append(bytes.loadUnaligned(as: Record.self)) } else { short = bytes.count }
    }
    if let short {
      throw HostError(
        .badArgument, "a record of '\(map.spec.name)' has \(short) bytes; \(Record.self) has \(MemoryLayout<Record>.size)")
    }
    return records
  }

  private func check<Value>(_ type: Value.Type, _ size: Int, _ what: String) throws(HostError) {
    guard MemoryLayout<Value>.size == size || MemoryLayout<Value>.stride == size else {
      throw HostError(
        .badArgument, "a \(what) of '\(map.spec.name)' has \(size) bytes; \(Value.self) has \(MemoryLayout<Value>.size)")
    }
  }

  /// The bytes of a value with its padding zero, as programs write them.
  private func padded<Value: BitwiseCopyable>(_ value: Value, to size: Int, _ what: String) throws(HostError) -> [UInt8] {
    try check(Value.self, size, what)
    return withUnsafeTemporaryAllocation(byteCount: max(size, MemoryLayout<Value>.stride), alignment: 16) { buffer in
      _ = buffer.initializeMemory(as: UInt8.self, repeating: 0)
      buffer.storeBytes(of: value, as: Value.self)
      if let base = buffer.baseAddress { zeroPadding(of: Value.self, at: base) }
      return Array(buffer.prefix(size))
    }
  }
}
