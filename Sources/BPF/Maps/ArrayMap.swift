// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// An array of values, all there from the start (`BPF_MAP_TYPE_ARRAY`).
///
/// A lookup with an index past the end gives `nil`.
public struct ArrayMap<Value: BitwiseCopyable>: KeyedMap, ~Copyable, Sendable {
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
  public static var type: MapType { MapType(2) }
}
