// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program of a route's lightweight tunnel, on packets that come in or go out (`BPF_PROG_TYPE_LWT_IN`, `BPF_PROG_TYPE_LWT_OUT`). The packet
/// begins with the IP header.
///
/// Sections: `lwt_in`, `lwt_out`, `lwt_seg6local`. The result is a ``TunnelAction``.
@frozen
public struct TunnelInputContext: SocketBufferContext, ReadablePacketContext {
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

  /// The index that traffic control left (`tc_index`).
  @inline(__always)
  public var index: UInt32 { pointer.pointee.tc_index }

  /// The queue, from 1 on; 0 where none is chosen.
  @inline(__always)
  public var queueMapping: UInt32 { pointer.pointee.queue_mapping }

  /// Segments that the packet will be cut into.
  @inline(__always)
  public var segmentCount: UInt32 { pointer.pointee.gso_segs }

  /// Bytes of a segment that the packet will be cut into; 0 where it is one.
  @inline(__always)
  public var segmentSize: UInt32 { pointer.pointee.gso_size }

  /// The receive context of the driver (`napi_id`).
  @inline(__always)
  public var napiID: UInt32 { pointer.pointee.napi_id }
}

/// The context of a program of a route's lightweight tunnel, on packets that are about to be sent (`BPF_PROG_TYPE_LWT_XMIT`).
///
/// Section: `lwt_xmit`. The result is a ``TunnelAction``.
@frozen
public struct TunnelTransmitContext: WritableBufferContext, ChecksumContext, TunnelContext, PacketContext {
  public let pointer: UnsafeMutablePointer<__sk_buff>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<__sk_buff>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  @inline(__always)
  public var packet: Packet { Packet(start: cbpf_skb_data(pointer), end: cbpf_skb_data_end(pointer)) }

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

  /// The index that traffic control left (`tc_index`).
  @inline(__always)
  public var index: UInt32 { pointer.pointee.tc_index }

  /// The queue, from 1 on; 0 where none is chosen.
  @inline(__always)
  public var queueMapping: UInt32 { pointer.pointee.queue_mapping }

  /// Segments that the packet will be cut into.
  @inline(__always)
  public var segmentCount: UInt32 { pointer.pointee.gso_segs }

  /// Bytes of a segment that the packet will be cut into; 0 where it is one.
  @inline(__always)
  public var segmentSize: UInt32 { pointer.pointee.gso_size }

  /// The receive context of the driver (`napi_id`).
  @inline(__always)
  public var napiID: UInt32 { pointer.pointee.napi_id }
}

/// What a program of a lightweight tunnel says of a packet (`enum bpf_ret_code`).
@frozen
public struct TunnelAction: RawRepresentable, BitwiseCopyable, Equatable {
  public let rawValue: Int32

  @inline(__always)
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// The packet goes on.
  @inline(__always)
  public static var ok: TunnelAction { TunnelAction(rawValue: 0) }
  /// The packet is dropped.
  @inline(__always)
  public static var drop: TunnelAction { TunnelAction(rawValue: 2) }
  /// The packet goes where `redirect` said.
  @inline(__always)
  public static var redirect: TunnelAction { TunnelAction(rawValue: 7) }
  /// The packet was given a new route (`BPF_LWT_REROUTE`).
  @inline(__always)
  public static var reroute: TunnelAction { TunnelAction(rawValue: 128) }
}
