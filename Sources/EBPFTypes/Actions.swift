// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// What an XDP program says of a packet (`enum xdp_action`, `include/uapi/linux/bpf.h`).
@frozen
public struct XDPAction: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static func == (a: XDPAction, b: XDPAction) -> Bool { a.rawValue == b.rawValue }

  /// Something went wrong: the packet is dropped, and the tracepoint `xdp:xdp_exception` says so.
  @inlinable @inline(__always)
  public static var aborted: XDPAction { XDPAction(rawValue: 0) }
  /// The packet is dropped.
  @inlinable @inline(__always)
  public static var drop: XDPAction { XDPAction(rawValue: 1) }
  /// The packet goes on to the network stack.
  @inlinable @inline(__always)
  public static var pass: XDPAction { XDPAction(rawValue: 2) }
  /// The packet goes back out of the interface that it came in on.
  @inlinable @inline(__always)
  public static var tx: XDPAction { XDPAction(rawValue: 3) }
  /// The packet goes where `bpf_redirect` or a redirect map said.
  @inlinable @inline(__always)
  public static var redirect: XDPAction { XDPAction(rawValue: 4) }
}

/// What a traffic-control program says of a packet (`TC_ACT_*`, `include/uapi/linux/pkt_cls.h`; `TCX_*`).
@frozen
public struct TCAction: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  public let rawValue: Int32

  @inlinable @inline(__always)
  public init(rawValue: Int32) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static func == (a: TCAction, b: TCAction) -> Bool { a.rawValue == b.rawValue }

  /// The classifier's default: the next one decides (`TCX_NEXT`).
  @inlinable @inline(__always)
  public static var unspecified: TCAction { TCAction(rawValue: -1) }
  /// The packet goes on (`TCX_PASS`).
  @inlinable @inline(__always)
  public static var ok: TCAction { TCAction(rawValue: 0) }
  /// Classification starts again.
  @inlinable @inline(__always)
  public static var reclassify: TCAction { TCAction(rawValue: 1) }
  /// The packet is dropped (`TCX_DROP`).
  @inlinable @inline(__always)
  public static var shot: TCAction { TCAction(rawValue: 2) }
  /// The next action runs.
  @inlinable @inline(__always)
  public static var pipe: TCAction { TCAction(rawValue: 3) }
  /// The packet is taken and counts as delivered.
  @inlinable @inline(__always)
  public static var stolen: TCAction { TCAction(rawValue: 4) }
  /// The packet is queued.
  @inlinable @inline(__always)
  public static var queued: TCAction { TCAction(rawValue: 5) }
  /// The action runs again.
  @inlinable @inline(__always)
  public static var `repeat`: TCAction { TCAction(rawValue: 6) }
  /// The packet goes where `bpf_redirect` said (`TCX_REDIRECT`).
  @inlinable @inline(__always)
  public static var redirect: TCAction { TCAction(rawValue: 7) }
  /// As `stolen`, for hardware: the packet goes to the processor.
  @inlinable @inline(__always)
  public static var trap: TCAction { TCAction(rawValue: 8) }
}

/// What a netfilter program says of a packet (`NF_*`, `include/uapi/linux/netfilter.h`).
@frozen
public struct NetfilterVerdict: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static func == (a: NetfilterVerdict, b: NetfilterVerdict) -> Bool { a.rawValue == b.rawValue }

  /// The packet is dropped.
  @inlinable @inline(__always)
  public static var drop: NetfilterVerdict { NetfilterVerdict(rawValue: 0) }
  /// The packet goes on.
  @inlinable @inline(__always)
  public static var accept: NetfilterVerdict { NetfilterVerdict(rawValue: 1) }
}

/// What a program of sockets says of data or a socket (`enum sk_action`, `include/uapi/linux/bpf.h`): sk_msg, sk_skb, sk_lookup and sk_reuseport.
@frozen
public struct SocketVerdict: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  public let rawValue: Int32

  @inlinable @inline(__always)
  public init(rawValue: Int32) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static func == (a: SocketVerdict, b: SocketVerdict) -> Bool { a.rawValue == b.rawValue }

  /// Dropped; a lookup fails.
  @inlinable @inline(__always)
  public static var drop: SocketVerdict { SocketVerdict(rawValue: 0) }
  /// Goes on, to the socket chosen if one was.
  @inlinable @inline(__always)
  public static var pass: SocketVerdict { SocketVerdict(rawValue: 1) }
}

/// What a program of a control group says of what a process asks for.
@frozen
public struct CgroupVerdict: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  public let rawValue: Int32

  @inlinable @inline(__always)
  public init(rawValue: Int32) { self.rawValue = rawValue }

  @inlinable @inline(__always)
  public static func == (a: CgroupVerdict, b: CgroupVerdict) -> Bool { a.rawValue == b.rawValue }

  /// Refused: the call fails with `EPERM`, a packet is dropped.
  @inlinable @inline(__always)
  public static var deny: CgroupVerdict { CgroupVerdict(rawValue: 0) }
  /// Let through.
  @inlinable @inline(__always)
  public static var allow: CgroupVerdict { CgroupVerdict(rawValue: 1) }
}
