// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A map with one value for each processor: no two of them write to the same memory.
public protocol PerCPUMap: KeyedMap, ~Copyable {}

extension PerCPUMap where Self: ~Copyable {
  /// The value that a processor has, or `nil` (`bpf_map_lookup_percpu_elem`).
  @inline(__always)
  public subscript(_ key: Key, cpu cpu: UInt32) -> MapValue<Value>? {
    guard let pointer = withZeroPadded(key, { bpf_map_lookup_percpu_elem(map, $0, cpu) }) else { return nil }
    return MapValue(pointer)
  }
}

extension PerCPUMap where Self: ~Copyable, Value: FixedWidthInteger {
  /// Adds to this processor's value of a key, if the key is there. Not atomic, and need not be.
  @inline(__always)
  public func add(_ amount: Value, to key: Key) {
    if let slot = self[key] { slot.value &+= amount }
  }
}

/// A hash map with one value for each processor (`BPF_MAP_TYPE_PERCPU_HASH`).
public struct PerCPUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: RemovableMap, PerCPUMap, ~Copyable, Sendable {
  let anchor: MapAnchor

  /// A map for up to `maxEntries` keys.
  @inline(__always)
  public init(maxEntries: Int, flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      Self.definition(maxEntries: maxEntries, MapOptions(flags: flags, pinning: pinning, numaNode: numaNode)))
  }

  @inline(__always)
  public var map: UnsafeRawPointer { anchor.pointer }

  @inline(__always)
  public static var type: MapType { MapType(5) }
}

/// A hash map with one value for each processor that makes room by dropping what was used least recently
/// (`BPF_MAP_TYPE_LRU_PERCPU_HASH`).
public struct LRUPerCPUHashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: RemovableMap, PerCPUMap, ~Copyable, Sendable {
  let anchor: MapAnchor

  /// A map for up to `maxEntries` keys.
  @inline(__always)
  public init(maxEntries: Int, flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      Self.definition(maxEntries: maxEntries, MapOptions(flags: flags, pinning: pinning, numaNode: numaNode)))
  }

  @inline(__always)
  public var map: UnsafeRawPointer { anchor.pointer }

  @inline(__always)
  public static var type: MapType { MapType(10) }
}

/// An array with one value for each processor and index (`BPF_MAP_TYPE_PERCPU_ARRAY`).
public struct PerCPUArrayMap<Value: BitwiseCopyable>: PerCPUMap, ~Copyable, Sendable {
  public typealias Key = UInt32

  let anchor: MapAnchor

  /// An array of `count` values, all bytes zero at first.
  @inline(__always)
  public init(count: Int, flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      Self.definition(maxEntries: count, MapOptions(flags: flags, pinning: pinning, numaNode: numaNode)))
  }

  @inline(__always)
  public var map: UnsafeRawPointer { anchor.pointer }

  @inline(__always)
  public static var type: MapType { MapType(6) }
}
