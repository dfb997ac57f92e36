// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Where XDP programs send packets.

/// A map whose entries are places for packets to go.
public protocol RedirectTable: ~Copyable {
  /// The map, as helpers take it.
  var map: UnsafeRawPointer { get }
}

extension RedirectTable where Self: ~Copyable {
  /// What to return so that the packet goes where the entry says; `otherwise` where there is none (`bpf_redirect_map`).
  @inline(__always)
  public func redirect(to key: UInt32, otherwise: XDPAction = .aborted) -> XDPAction {
    XDPAction(rawValue: UInt32(truncatingIfNeeded: bpf_redirect_map(map, UInt64(key), UInt64(otherwise.rawValue))))
  }
}

/// A map whose entries are interfaces.
public protocol DeviceTable: RedirectTable, ~Copyable {}

extension DeviceTable where Self: ~Copyable {
  /// What to return so that the packet goes out of all interfaces in the map (`BPF_F_BROADCAST`).
  @inline(__always)
  public func broadcast(excludingIngress: Bool = true) -> XDPAction {
    XDPAction(rawValue: UInt32(truncatingIfNeeded: bpf_redirect_map(map, 0, excludingIngress ? 24 : 8)))
  }
}

/// Interfaces by index (`BPF_MAP_TYPE_DEVMAP`).
public struct DeviceMap: DeviceTable, ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Room for `count` entries. The application fills it.
  @inline(__always)
  public init(count: Int, flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(14), key: 4, value: 8, maxEntries: count,
        MapOptions(flags: flags, pinning: pinning, numaNode: numaNode)))
  }

  @inline(__always)
  public var map: UnsafeRawPointer { anchor.pointer }
}

/// Interfaces by key (`BPF_MAP_TYPE_DEVMAP_HASH`).
public struct DeviceHashMap: DeviceTable, ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Room for `maxEntries` entries. The application fills it.
  @inline(__always)
  public init(maxEntries: Int, flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(25), key: 4, value: 8, maxEntries: maxEntries,
        MapOptions(flags: flags, pinning: pinning, numaNode: numaNode)))
  }

  @inline(__always)
  public var map: UnsafeRawPointer { anchor.pointer }
}

/// Processors that go on with packets (`BPF_MAP_TYPE_CPUMAP`).
public struct ProcessorMap: RedirectTable, ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Room for `count` entries. The application fills it.
  @inline(__always)
  public init(count: Int, flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(16), key: 4, value: 8, maxEntries: count,
        MapOptions(flags: flags, pinning: pinning, numaNode: numaNode)))
  }

  @inline(__always)
  public var map: UnsafeRawPointer { anchor.pointer }
}

/// Sockets of AF_XDP, by queue (`BPF_MAP_TYPE_XSKMAP`).
public struct XSKMap: RedirectTable, ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Room for `count` entries. The application fills it.
  @inline(__always)
  public init(count: Int, flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(17), key: 4, value: 4, maxEntries: count,
        MapOptions(flags: flags, pinning: pinning, numaNode: numaNode)))
  }

  @inline(__always)
  public var map: UnsafeRawPointer { anchor.pointer }

  /// Whether a queue has a socket.
  @inline(__always)
  public func contains(_ queue: UInt32) -> Bool { withZeroPadded(queue) { bpf_map_lookup_elem(anchor.pointer, $0) != nil } }
}
