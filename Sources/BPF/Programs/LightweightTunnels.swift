// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program of a route's lightweight tunnel, on packets that come in or go out (`BPF_PROG_TYPE_LWT_IN`, `BPF_PROG_TYPE_LWT_OUT`). The packet
/// begins with the IP header.
///
/// Sections: `lwt_in`, `lwt_out`, `lwt_seg6local`. The result is a ``TunnelAction``.
@frozen
public struct TunnelInputContext: MarkedBufferContext, ReadablePacketContext {
  public let pointer: UnsafeMutablePointer<__sk_buff>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<__sk_buff>) { self.pointer = pointer }

  /// The index that traffic control left (`tc_index`).
  @inline(__always)
  public var index: UInt32 { pointer.pointee.tc_index }

  /// The queue, from 1 on; 0 where none is chosen.
  @inline(__always)
  public var queueMapping: UInt32 { pointer.pointee.queue_mapping }
}

/// The context of a program of a route's lightweight tunnel, on packets that are about to be sent (`BPF_PROG_TYPE_LWT_XMIT`).
///
/// Section: `lwt_xmit`. The result is a ``TunnelAction``.
@frozen
public struct TunnelTransmitContext: WritableBufferContext, MarkedBufferContext, ChecksumContext, TunnelContext, PacketContext {
  public let pointer: UnsafeMutablePointer<__sk_buff>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<__sk_buff>) { self.pointer = pointer }

  /// The index that traffic control left (`tc_index`).
  @inline(__always)
  public var index: UInt32 { pointer.pointee.tc_index }

  /// The queue, from 1 on; 0 where none is chosen.
  @inline(__always)
  public var queueMapping: UInt32 { pointer.pointee.queue_mapping }
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
