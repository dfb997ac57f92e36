// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// An array of maps (`BPF_MAP_TYPE_ARRAY_OF_MAPS`). The application puts maps of the inner type there.
/// ```swift
/// let tables = ArrayOfMaps<HashMap<IPv4Address, UInt64>>(count: 8, innerMaxEntries: 1024)
/// …
/// tables[queue]?.count(ip.source)
/// ```
public struct ArrayOfMaps<Inner: KeyedMap & ~Copyable>: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// `count` slots for maps as `Inner` makes them with `innerMaxEntries`.
  @inline(__always)
  public init(
    count: Int, innerMaxEntries: Int, innerFlags: MapFlags = [], flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil
  ) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(12), key: 4, value: 4, maxEntries: count, MapOptions(flags: flags, pinning: pinning, numaNode: numaNode),
        inner: Inner.definition(maxEntries: innerMaxEntries, MapOptions(flags: innerFlags))))
  }

  /// The map in a slot, or `nil`.
  @inline(__always)
  public subscript(_ index: UInt32) -> InnerMap<Inner>? {
    guard let pointer = withZeroPadded(index, { bpf_map_lookup_elem(anchor.pointer, $0) }) else { return nil }
    return InnerMap(map: UnsafeRawPointer(pointer))
  }
}

/// A hash map of maps (`BPF_MAP_TYPE_HASH_OF_MAPS`). The application puts maps of the inner type there.
public struct HashOfMaps<Key: BitwiseCopyable, Inner: KeyedMap & ~Copyable>: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Up to `maxEntries` maps as `Inner` makes them with `innerMaxEntries`.
  @inline(__always)
  public init(
    maxEntries: Int, innerMaxEntries: Int, innerFlags: MapFlags = [], flags: MapFlags = [], pinning: Pinning = .none,
    numaNode: Int? = nil
  ) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(13), key: MemoryLayout<Key>.stride, value: 4, maxEntries: maxEntries,
        MapOptions(flags: flags, pinning: pinning, numaNode: numaNode),
        inner: Inner.definition(maxEntries: innerMaxEntries, MapOptions(flags: innerFlags))))
  }

  /// The map under a key, or `nil`.
  @inline(__always)
  public subscript(_ key: Key) -> InnerMap<Inner>? {
    guard let pointer = withZeroPadded(key, { bpf_map_lookup_elem(anchor.pointer, $0) }) else { return nil }
    return InnerMap(map: UnsafeRawPointer(pointer))
  }
}

/// A map that was found in another map: it can do what `Outer`'s inner map type can.
@frozen
public struct InnerMap<Inner: KeyedMap & ~Copyable>: KeyedMap {
  public typealias Key = Inner.Key
  public typealias Value = Inner.Value

  public let map: UnsafeRawPointer

  @inline(__always)
  init(map: UnsafeRawPointer) { self.map = map }

  @inline(__always)
  public static var type: MapType { Inner.type }
}

extension InnerMap: RemovableMap where Inner: RemovableMap & ~Copyable {}
extension InnerMap: PerCPUMap where Inner: PerCPUMap & ~Copyable {}
