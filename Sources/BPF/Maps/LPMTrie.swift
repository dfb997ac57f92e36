// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A map from prefixes to values; a lookup finds the longest prefix that matches (`BPF_MAP_TYPE_LPM_TRIE`).
/// ```swift
/// let routes = LPMTrie<IPv4Prefix, UInt32>(maxEntries: 256)
/// …
/// if let route = routes[Prefix(ip.destination)] { … }
/// ```
public struct LPMTrie<Key: PrefixKey, Value: BitwiseCopyable>: RemovableMap, ~Copyable, Sendable {
  let anchor: MapAnchor

  /// A map for up to `maxEntries` keys.
  @inline(__always)
  public init(maxEntries: Int, flags: MapFlags = [.noPreallocation], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      Self.definition(maxEntries: maxEntries, MapOptions(flags: flags, pinning: pinning, numaNode: numaNode)))
  }

  @inline(__always)
  public var map: UnsafeRawPointer { anchor.pointer }

  @inline(__always)
  public static var type: MapType { MapType(11) }
}

/// A key of an ``LPMTrie``: any ``Prefix``.
public protocol PrefixKey: BitwiseCopyable {}

extension Prefix: PrefixKey {}
