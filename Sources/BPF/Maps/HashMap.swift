// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A hash map (`BPF_MAP_TYPE_HASH`).
/// ```swift
/// let packets = HashMap<IPv4Address, UInt64>(maxEntries: 1024)
/// …
/// packets.count(ip.source)
/// if let seen = packets[ip.source] { … seen.value … }
/// ```
public struct HashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: RemovableMap, ~Copyable, Sendable {
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
  public static var type: MapType { MapType(1) }
}
