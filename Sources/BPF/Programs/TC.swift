// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a traffic-control program: a packet of the network stack (`struct __sk_buff`).
///
/// Sections: `tc`, `tcx/ingress`, `tcx/egress`, `netkit/primary`, `netkit/peer`, `classifier`, `action`. The result is a ``TCAction``.
/// ```swift
/// @section("tc") @used
/// func classify(_ ctx: TCContext) -> TCAction {
///   if ctx.packet.ethernet?.ipv4?.udp?.destinationPort == .dns { ctx.mark = 53 }
///   return .ok
/// }
/// ```
@frozen
public struct TCContext: WritableBufferContext, MarkedBufferContext, ChecksumContext, TunnelContext, RoutingContext, SocketLookupContext,
  PacketContext
{
  public let pointer: UnsafeMutablePointer<__sk_buff>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<__sk_buff>) { self.pointer = pointer }

  /// Bytes that an XDP program put before the packet (`bpf_xdp_adjust_meta`).
  @inline(__always)
  public var metadata: Packet { Packet(start: cbpf_skb_data_meta(pointer), end: cbpf_skb_data(pointer)) }

  /// The queue, from 1 on; 0 where none is chosen.
  @inline(__always)
  public var queueMapping: UInt32 {
    get { pointer.pointee.queue_mapping }
    nonmutating set { pointer.pointee.queue_mapping = newValue }
  }

  /// The index that traffic control left (`tc_index`).
  @inline(__always)
  public var index: UInt32 {
    get { pointer.pointee.tc_index }
    nonmutating set { pointer.pointee.tc_index = newValue }
  }

  /// The class that the packet belongs to (`tc_classid`).
  @inline(__always)
  public var classID: UInt32 {
    get { pointer.pointee.tc_classid }
    nonmutating set { pointer.pointee.tc_classid = newValue }
  }

  /// When the packet is to leave, or when it arrived, in nanoseconds (`tstamp`).
  @inline(__always)
  public var timestamp: UInt64 {
    get { pointer.pointee.tstamp }
    nonmutating set { pointer.pointee.tstamp = newValue }
  }

  /// What the timestamp is (`BPF_SKB_CLOCK_*`).
  @inline(__always)
  public var timestampKind: UInt8 { pointer.pointee.tstamp_type }

  /// When the hardware received the packet, in nanoseconds; 0 where it does not say.
  @inline(__always)
  public var hardwareTimestamp: UInt64 { pointer.pointee.hwtstamp }

  /// Bytes on the wire, with what segmentation adds.
  @inline(__always)
  public var wireByteCount: UInt32 { pointer.pointee.wire_len }
}
