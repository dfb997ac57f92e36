// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program that lets a control group's packets through (`BPF_PROG_TYPE_CGROUP_SKB`). The packet begins with the IP header.
///
/// Sections: `cgroup_skb/ingress`, `cgroup_skb/egress`, `cgroup/skb`. The result is a ``CgroupVerdict``.
@frozen
public struct CgroupPacketContext: SocketBufferContext, SocketLookupContext, ReadablePacketContext {
  public let pointer: UnsafeMutablePointer<__sk_buff>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<__sk_buff>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  @inline(__always)
  public var packet: ReadOnlyPacket { ReadOnlyPacket(start: cbpf_skb_data(pointer), end: cbpf_skb_data_end(pointer)) }

  /// The mark, which routing and netfilter can see.
  @inline(__always)
  public var mark: UInt32 {
    get { pointer.pointee.mark }
    nonmutating set { pointer.pointee.mark = newValue }
  }

  /// The priority, by which queueing disciplines choose a class.
  @inline(__always)
  public var priority: UInt32 {
    get { pointer.pointee.priority }
    nonmutating set { pointer.pointee.priority = newValue }
  }

  /// One of five words, 0 to 4, that programs on the same packet can leave for each other (`cb`).
  @inline(__always)
  public subscript(scratch index: Int) -> UInt32 {
    get {
      switch index {
      case 0: pointer.pointee.cb.0
      case 1: pointer.pointee.cb.1
      case 2: pointer.pointee.cb.2
      case 3: pointer.pointee.cb.3
      default: pointer.pointee.cb.4
      }
    }
    nonmutating set {
      switch index {
      case 0: pointer.pointee.cb.0 = newValue
      case 1: pointer.pointee.cb.1 = newValue
      case 2: pointer.pointee.cb.2 = newValue
      case 3: pointer.pointee.cb.3 = newValue
      default: pointer.pointee.cb.4 = newValue
      }
    }
  }

  /// When the packet is to leave, or when it arrived, in nanoseconds (`tstamp`).
  @inline(__always)
  public var timestamp: UInt64 {
    get { pointer.pointee.tstamp }
    nonmutating set { pointer.pointee.tstamp = newValue }
  }

  /// When the hardware received the packet, in nanoseconds; 0 where it does not say.
  @inline(__always)
  public var hardwareTimestamp: UInt64 { pointer.pointee.hwtstamp }

  /// Segments that the packet will be cut into.
  @inline(__always)
  public var segmentCount: UInt32 { pointer.pointee.gso_segs }

  /// Bytes of a segment that the packet will be cut into; 0 where it is one.
  @inline(__always)
  public var segmentSize: UInt32 { pointer.pointee.gso_size }

  /// The receive context of the driver (`napi_id`).
  @inline(__always)
  public var napiID: UInt32 { pointer.pointee.napi_id }

  /// The index that traffic control left (`tc_index`).
  @inline(__always)
  public var index: UInt32 { pointer.pointee.tc_index }

  /// The queue, from 1 on; 0 where none is chosen.
  @inline(__always)
  public var queueMapping: UInt32 { pointer.pointee.queue_mapping }

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
}
