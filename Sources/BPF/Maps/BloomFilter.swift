// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A set that may say that it has an element which it has not, never the other way round (`BPF_MAP_TYPE_BLOOM_FILTER`).
public struct BloomFilter<Element: BitwiseCopyable>: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// A filter for about `maxEntries` elements, with 1 to 15 hash functions (0: five).
  @inline(__always)
  public init(maxEntries: Int, hashFunctions: Int = 0, flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(30), key: 0, value: MemoryLayout<Element>.stride, maxEntries: maxEntries,
        MapOptions(flags: flags, pinning: pinning, numaNode: numaNode), extra: UInt64(truncatingIfNeeded: hashFunctions)))
  }

  /// Puts an element (`bpf_map_push_elem`).
  @discardableResult @inline(__always)
  public func insert(_ element: Element) -> Bool { withZeroPadded(element) { bpf_map_push_elem(anchor.pointer, $0, 0) == 0 } }

  /// Whether the element may be there; `false` is certain (`bpf_map_peek_elem`).
  @inline(__always)
  public func mayContain(_ element: Element) -> Bool {
    withZeroPadded(element) { bpf_map_peek_elem(anchor.pointer, UnsafeMutableRawPointer(mutating: $0)) == 0 }
  }
}
