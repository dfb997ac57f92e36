// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Elements without keys: the map's kind says which is next.
public protocol WaitingElements: ~Copyable {
  associatedtype Element: BitwiseCopyable

  /// The map, as helpers take it.
  var map: UnsafeRawPointer { get }
}

extension WaitingElements where Self: ~Copyable {
  /// Puts an element; `false` where it is full (`bpf_map_push_elem`).
  /// - Parameter replacingOldest: makes room where it is full, by dropping the element that would be popped last.
  @discardableResult @inline(__always)
  public func push(_ element: Element, replacingOldest: Bool = false) -> Bool {
    withZeroPadded(element) { bpf_map_push_elem(map, $0, replacingOldest ? 2 : 0) == 0 }
  }

  /// Takes the next element out; `nil` where there is none (`bpf_map_pop_elem`).
  @inline(__always)
  public func pop() -> Element? {
    withZeroed(Element.self) { bpf_map_pop_elem(map, $0) == 0 ? $0.pointee : nil }
  }

  /// The next element, which stays; `nil` where there is none (`bpf_map_peek_elem`).
  @inline(__always)
  public func peek() -> Element? {
    withZeroed(Element.self) { bpf_map_peek_elem(map, $0) == 0 ? $0.pointee : nil }
  }
}

/// A queue: first in, first out (`BPF_MAP_TYPE_QUEUE`).
public struct QueueMap<Element: BitwiseCopyable>: WaitingElements, ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Room for `maxEntries` elements.
  @inline(__always)
  public init(maxEntries: Int, flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(22), key: 0, value: MemoryLayout<Element>.stride, maxEntries: maxEntries,
        MapOptions(flags: flags, pinning: pinning, numaNode: numaNode)))
  }

  @inline(__always)
  public var map: UnsafeRawPointer { anchor.pointer }
}

/// A stack: last in, first out (`BPF_MAP_TYPE_STACK`).
public struct StackMap<Element: BitwiseCopyable>: WaitingElements, ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Room for `maxEntries` elements.
  @inline(__always)
  public init(maxEntries: Int, flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(23), key: 0, value: MemoryLayout<Element>.stride, maxEntries: maxEntries,
        MapOptions(flags: flags, pinning: pinning, numaNode: numaNode)))
  }

  @inline(__always)
  public var map: UnsafeRawPointer { anchor.pointer }
}
