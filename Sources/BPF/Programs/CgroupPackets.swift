// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program that lets a control group's packets through (`BPF_PROG_TYPE_CGROUP_SKB`). The packet begins with the IP header.
///
/// Sections: `cgroup_skb/ingress`, `cgroup_skb/egress`, `cgroup/skb`. The result is a ``CgroupVerdict``.
@frozen
public struct CgroupPacketContext: MarkedBufferContext, ConnectionBufferContext, SocketLookupContext, ReadablePacketContext {
  public let pointer: UnsafeMutablePointer<__sk_buff>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<__sk_buff>) { self.pointer = pointer }

  /// When the packet is to leave, or when it arrived, in nanoseconds (`tstamp`).
  @inline(__always)
  public var timestamp: UInt64 {
    get { pointer.pointee.tstamp }
    nonmutating set { pointer.pointee.tstamp = newValue }
  }

  /// When the hardware received the packet, in nanoseconds; 0 where it does not say.
  @inline(__always)
  public var hardwareTimestamp: UInt64 { pointer.pointee.hwtstamp }

  /// The index that traffic control left (`tc_index`).
  @inline(__always)
  public var index: UInt32 { pointer.pointee.tc_index }

  /// The queue, from 1 on; 0 where none is chosen.
  @inline(__always)
  public var queueMapping: UInt32 { pointer.pointee.queue_mapping }
}
