// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Sockets, by index or key.

/// Sockets by index (`BPF_MAP_TYPE_SOCKMAP`): data can go from one to another without leaving the kernel.
public struct SocketMap: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Room for `count` sockets.
  @inline(__always)
  public init(count: Int, flags: MapFlags = [], pinning: Pinning = .none) {
    anchor = MapAnchor(MapDefinition(MapType(15), key: 4, value: 8, maxEntries: count, MapOptions(flags: flags, pinning: pinning)))
  }

  /// Puts the connection of the event there (`bpf_sock_map_update`).
  @inline(__always)
  public func insert(_ context: SocketOperationContext, at key: UInt32, _ mode: UpdateMode = .any) -> Bool {
    withZeroPadded(key) {
      bpf_sock_map_update(context.pointer, anchor.pointer, $0, mode.rawValue) == 0
    }
  }

  /// What to return so that the data goes to a socket (`bpf_sk_redirect_map`).
  /// - Parameter ingress: as if the socket had received it; else it is sent.
  @inline(__always)
  public func redirect(_ context: StreamContext, to key: UInt32, ingress: Bool = false) -> SocketVerdict {
    SocketVerdict(rawValue: Int32(truncatingIfNeeded: bpf_sk_redirect_map(context.pointer, anchor.pointer, key, ingress ? 1 : 0)))
  }

  /// What to return so that the message goes to a socket (`bpf_msg_redirect_map`).
  @inline(__always)
  public func redirect(_ context: MessageContext, to key: UInt32, ingress: Bool = false) -> SocketVerdict {
    SocketVerdict(rawValue: Int32(truncatingIfNeeded: bpf_msg_redirect_map(context.pointer, anchor.pointer, key, ingress ? 1 : 0)))
  }
}

/// Sockets by key (`BPF_MAP_TYPE_SOCKHASH`): data can go from one to another without leaving the kernel.
public struct SocketHashMap<Key: BitwiseCopyable>: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Room for `maxEntries` sockets.
  @inline(__always)
  public init(maxEntries: Int, flags: MapFlags = [], pinning: Pinning = .none) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(18), key: MemoryLayout<Key>.stride, value: 8, maxEntries: maxEntries, MapOptions(flags: flags, pinning: pinning)))
  }

  /// Puts the connection of the event there (`bpf_sock_hash_update`).
  @inline(__always)
  public func insert(_ context: SocketOperationContext, at key: Key, _ mode: UpdateMode = .any) -> Bool {
    withZeroPadded(key) {
      bpf_sock_hash_update(context.pointer, anchor.pointer, $0, mode.rawValue) == 0
    }
  }

  /// What to return so that the data goes to a socket (`bpf_sk_redirect_hash`).
  /// - Parameter ingress: as if the socket had received it; else it is sent.
  @inline(__always)
  public func redirect(_ context: StreamContext, to key: Key, ingress: Bool = false) -> SocketVerdict {
    withZeroPadded(key) {
      SocketVerdict(
        rawValue: Int32(
          truncatingIfNeeded: bpf_sk_redirect_hash(
            context.pointer, anchor.pointer, $0, ingress ? 1 : 0)))
    }
  }

  /// What to return so that the message goes to a socket (`bpf_msg_redirect_hash`).
  @inline(__always)
  public func redirect(_ context: MessageContext, to key: Key, ingress: Bool = false) -> SocketVerdict {
    withZeroPadded(key) {
      SocketVerdict(
        rawValue: Int32(
          truncatingIfNeeded: bpf_msg_redirect_hash(
            context.pointer, anchor.pointer, $0, ingress ? 1 : 0)))
    }
  }
}

/// Sockets that share a port, by index (`BPF_MAP_TYPE_REUSEPORT_SOCKARRAY`).
public struct ReuseportSocketArray: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Room for `count` sockets. The application fills it.
  @inline(__always)
  public init(count: Int, flags: MapFlags = [], pinning: Pinning = .none) {
    anchor = MapAnchor(MapDefinition(MapType(20), key: 4, value: 8, maxEntries: count, MapOptions(flags: flags, pinning: pinning)))
  }
}
