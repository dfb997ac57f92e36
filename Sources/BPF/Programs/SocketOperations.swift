// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program that is told what a control group's TCP connections go through (`BPF_PROG_TYPE_SOCK_OPS`).
///
/// Section: `sockops`. The result is 1; where an event asks for a number, it is put in ``reply``.
@frozen
public struct SocketOperationContext: SocketOptionContext {
  public let pointer: UnsafeMutablePointer<bpf_sock_ops>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<bpf_sock_ops>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// What happened.
  @inline(__always)
  public var operation: SocketOperation { SocketOperation(rawValue: pointer.pointee.op) }

  /// What belongs to the event.
  @inline(__always)
  public var arguments: (UInt32, UInt32, UInt32, UInt32) { pointer.pointee.args }

  /// The answer to an event that asks.
  @inline(__always)
  public var reply: UInt32 {
    get { pointer.pointee.args.0 }
    nonmutating set { pointer.pointee.args.0 = newValue }
  }

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

  /// Whether it is a full socket: only then the fields below are more than 0.
  @inline(__always)
  public var isFullSocket: Bool { pointer.pointee.is_fullsock != 0 }

  /// The congestion window, in segments.
  @inline(__always)
  public var congestionWindow: UInt32 { pointer.pointee.snd_cwnd }

  /// The smoothed round-trip time, in microseconds, times eight.
  @inline(__always)
  public var smoothedRTT: UInt32 { pointer.pointee.srtt_us }

  /// Which events the program is called for (``setCallbacks(_:)``).
  @inline(__always)
  public var callbackFlags: UInt32 { pointer.pointee.bpf_sock_ops_cb_flags }

  /// The connection's state.
  @inline(__always)
  public var state: TCPState { TCPState(rawValue: pointer.pointee.state) }

  /// The least round-trip time, in microseconds.
  @inline(__always)
  public var minimumRTT: UInt32 { pointer.pointee.rtt_min }

  /// The slow start threshold, in segments.
  @inline(__always)
  public var slowStartThreshold: UInt32 { pointer.pointee.snd_ssthresh }

  /// The next sequence number that is waited for.
  @inline(__always)
  public var receiveNext: UInt32 { pointer.pointee.rcv_nxt }

  /// The next sequence number to send.
  @inline(__always)
  public var sendNext: UInt32 { pointer.pointee.snd_nxt }

  /// The first sequence number that is not acknowledged.
  @inline(__always)
  public var sendUnacknowledged: UInt32 { pointer.pointee.snd_una }

  /// Bytes of a segment.
  @inline(__always)
  public var segmentSize: UInt32 { pointer.pointee.mss_cache }

  /// Segments on their way.
  @inline(__always)
  public var packetsOut: UInt32 { pointer.pointee.packets_out }

  /// Segments on their way again.
  @inline(__always)
  public var retransmitsOut: UInt32 { pointer.pointee.retrans_out }

  /// Segments that were sent again.
  @inline(__always)
  public var totalRetransmits: UInt32 { pointer.pointee.total_retrans }

  /// Segments received.
  @inline(__always)
  public var segmentsIn: UInt32 { pointer.pointee.segs_in }

  /// Segments sent.
  @inline(__always)
  public var segmentsOut: UInt32 { pointer.pointee.segs_out }

  /// Segments taken for lost.
  @inline(__always)
  public var lostOut: UInt32 { pointer.pointee.lost_out }

  /// Bytes received.
  @inline(__always)
  public var bytesReceived: UInt64 { pointer.pointee.bytes_received }

  /// Bytes acknowledged.
  @inline(__always)
  public var bytesAcknowledged: UInt64 { pointer.pointee.bytes_acked }

  /// Chooses the events that the program is called for (`bpf_sock_ops_cb_flags_set`).
  @inline(__always)
  public func setCallbacks(_ flags: SocketCallbacks) { _ = bpf_sock_ops_cb_flags_set(pointer, flags.rawValue) }
}
