// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A map from keys to values: what all of them can do.
public protocol KeyedMap: ~Copyable {
  associatedtype Key: BitwiseCopyable
  associatedtype Value: BitwiseCopyable

  /// The map, as helpers take it.
  var map: UnsafeRawPointer { get }

  /// The kernel's type.
  static var type: MapType { get }
}

extension KeyedMap where Self: ~Copyable {
  /// What a map of this type is, by itself or as the inner map of another.
  @inline(__always)
  static func definition(maxEntries: Int, _ options: MapOptions) -> MapDefinition {
    MapDefinition(type, key: MemoryLayout<Key>.stride, value: MemoryLayout<Value>.stride, maxEntries: maxEntries, options)
  }

  /// The value of a key, where it lies in the map, or `nil`. Of per-CPU maps: the value of this processor.
  @inline(__always)
  public subscript(_ key: Key) -> MapValue<Value>? {
    guard let pointer = withZeroPadded(key, { bpf_map_lookup_elem(map, $0) }) else { return nil }
    return MapValue(pointer)
  }

  /// Puts a value under a key.
  /// - Returns: whether it is there now: not where the map is full or the mode forbids it.
  @discardableResult @inline(__always)
  public func update(_ key: Key, _ value: Value, _ mode: UpdateMode = .any) -> Bool {
    withZeroPadded(key) { key in withZeroPadded(value) { value in bpf_map_update_elem(map, key, value, mode.rawValue) == 0 } }
  }
}

/// A map whose elements can be taken out.
public protocol RemovableMap: KeyedMap, ~Copyable {}

extension RemovableMap where Self: ~Copyable {
  /// Takes a key out; `false` where it was not there.
  @discardableResult @inline(__always)
  public func remove(_ key: Key) -> Bool { withZeroPadded(key) { bpf_map_delete_elem(map, $0) == 0 } }

  /// The value of a key, which is inserted first where it is not there. `nil` where the map is full.
  @inline(__always)
  public subscript(_ key: Key, default value: @autoclosure () -> Value) -> MapValue<Value>? {
    withZeroPadded(key) { key in
      if let pointer = bpf_map_lookup_elem(map, key) { return MapValue(pointer) }
      _ = withZeroPadded(value()) { bpf_map_update_elem(map, key, $0, UpdateMode.create.rawValue) }
      guard let pointer = bpf_map_lookup_elem(map, key) else { return nil }
      return MapValue(pointer)
    }
  }
}

extension RemovableMap where Self: ~Copyable, Value: AtomicInteger {
  /// Adds to the value of a key, atomically; a key that is new starts with the amount.
  @inline(__always)
  public func count(_ key: Key, by amount: Value = 1) {
    if let value = self[key] { value.add(amount) } else { update(key, amount) }
  }
}
