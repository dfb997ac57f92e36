// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program on a socket map's incoming data (`BPF_PROG_TYPE_SK_SKB`).
///
/// Sections: `sk_skb/stream_parser` (the result is how many bytes the message has, 0 for "more is needed"), `sk_skb/stream_verdict` and
/// `sk_skb/verdict` (the result is a ``SocketVerdict``).
@frozen
public struct StreamContext: WritableBufferContext, ConnectionBufferContext, SocketLookupContext, PacketContext {
  public let pointer: UnsafeMutablePointer<__sk_buff>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<__sk_buff>) { self.pointer = pointer }

  /// The priority, by which queueing disciplines choose a class.
  @inline(__always)
  public var priority: UInt32 {
    get { pointer.pointee.priority }
    nonmutating set { pointer.pointee.priority = newValue }
  }

  /// The index that traffic control left (`tc_index`).
  @inline(__always)
  public var index: UInt32 {
    get { pointer.pointee.tc_index }
    nonmutating set { pointer.pointee.tc_index = newValue }
  }
}

/// The context of a program on a socket map's outgoing data (`BPF_PROG_TYPE_SK_MSG`).
///
/// Section: `sk_msg`. The result is a ``SocketVerdict``.
@frozen
public struct MessageContext: PacketContext {
  public let pointer: UnsafeMutablePointer<sk_msg_md>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<sk_msg_md>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  @inline(__always)
  public var packet: Packet { Packet(start: pointer.pointee.data.unsafelyUnwrapped, end: pointer.pointee.data_end.unsafelyUnwrapped) }

  /// Bytes of the message.
  @inline(__always)
  public var byteCount: UInt32 { pointer.pointee.size }

  /// The socket's address family.
  @inline(__always)
  public var family: AddressFamily { AddressFamily(rawValue: pointer.pointee.family) }

  /// The socket's other end, of IPv4.
  @inline(__always)
  public var remoteIPv4: IPv4Address { IPv4Address(bytes: pointer.pointee.remote_ip4) }

  /// The socket's own end, of IPv4.
  @inline(__always)
  public var localIPv4: IPv4Address { IPv4Address(bytes: pointer.pointee.local_ip4) }

  /// The socket's other end, of IPv6.
  @inline(__always)
  public var remoteIPv6: IPv6Address { IPv6Address(words: pointer.pointee.remote_ip6) }

  /// The socket's own end, of IPv6.
  @inline(__always)
  public var localIPv6: IPv6Address { IPv6Address(words: pointer.pointee.local_ip6) }

  /// The other end's port.
  @inline(__always)
  public var remotePort: Port { Port(bytes: UInt16(truncatingIfNeeded: pointer.pointee.remote_port)) }

  /// The own port.
  @inline(__always)
  public var localPort: Port { Port(UInt16(truncatingIfNeeded: pointer.pointee.local_port)) }

  /// The verdict counts for the next `byteCount` bytes only (`bpf_msg_apply_bytes`).
  @inline(__always)
  public func apply(byteCount: UInt32) { _ = bpf_msg_apply_bytes(pointer, byteCount) }

  /// The program runs again when `byteCount` bytes are there (`bpf_msg_cork_bytes`).
  @inline(__always)
  public func cork(byteCount: UInt32) { _ = bpf_msg_cork_bytes(pointer, byteCount) }

  /// Makes the bytes from `start` to before `end` readable in ``packet``; take it again (`bpf_msg_pull_data`).
  @inline(__always)
  public func pull(from start: UInt32, to end: UInt32) -> Bool { bpf_msg_pull_data(pointer, start, end, 0) == 0 }

  /// Inserts bytes at `start` (`bpf_msg_push_data`).
  @inline(__always)
  public func insert(byteCount: UInt32, at start: UInt32) -> Bool { bpf_msg_push_data(pointer, start, byteCount, 0) == 0 }

  /// Takes bytes out at `start` (`bpf_msg_pop_data`).
  @inline(__always)
  public func remove(byteCount: UInt32, at start: UInt32) -> Bool { bpf_msg_pop_data(pointer, start, byteCount, 0) == 0 }
}
