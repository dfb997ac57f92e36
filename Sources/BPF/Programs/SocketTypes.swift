// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Numbers of sockets, as contexts hold them.

/// An address family (`AF_*`).
@frozen
public struct AddressFamily: RawRepresentable, BitwiseCopyable, Hashable {
  public let rawValue: UInt32

  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Local sockets.
  @inline(__always)
  public static var unix: AddressFamily { AddressFamily(rawValue: 1) }
  /// IPv4 (`AF_INET`).
  @inline(__always)
  public static var ipv4: AddressFamily { AddressFamily(rawValue: 2) }
  /// IPv6 (`AF_INET6`).
  @inline(__always)
  public static var ipv6: AddressFamily { AddressFamily(rawValue: 10) }
  /// The kernel's messages.
  @inline(__always)
  public static var netlink: AddressFamily { AddressFamily(rawValue: 16) }
  /// Packets of an interface.
  @inline(__always)
  public static var packet: AddressFamily { AddressFamily(rawValue: 17) }
}

/// A socket's type (`SOCK_*`).
@frozen
public struct SocketType: RawRepresentable, BitwiseCopyable, Hashable {
  public let rawValue: UInt32

  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A stream of bytes.
  @inline(__always)
  public static var stream: SocketType { SocketType(rawValue: 1) }
  /// Datagrams.
  @inline(__always)
  public static var datagram: SocketType { SocketType(rawValue: 2) }
  /// Packets.
  @inline(__always)
  public static var raw: SocketType { SocketType(rawValue: 3) }
}

/// The state of a TCP connection (`BPF_TCP_*`).
@frozen
public struct TCPState: RawRepresentable, BitwiseCopyable, Hashable {
  public let rawValue: UInt32

  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Data flows.
  @inline(__always)
  public static var established: TCPState { TCPState(rawValue: 1) }
  /// A connection was asked for.
  @inline(__always)
  public static var synSent: TCPState { TCPState(rawValue: 2) }
  /// A request for a connection was answered.
  @inline(__always)
  public static var synReceived: TCPState { TCPState(rawValue: 3) }
  /// The own end closed.
  @inline(__always)
  public static var finWait1: TCPState { TCPState(rawValue: 4) }
  /// The own end closed, and the other knows.
  @inline(__always)
  public static var finWait2: TCPState { TCPState(rawValue: 5) }
  /// Late segments are waited for.
  @inline(__always)
  public static var timeWait: TCPState { TCPState(rawValue: 6) }
  /// There is no connection.
  @inline(__always)
  public static var closed: TCPState { TCPState(rawValue: 7) }
  /// The other end closed.
  @inline(__always)
  public static var closeWait: TCPState { TCPState(rawValue: 8) }
  /// Both ends closed; the last acknowledgment is waited for.
  @inline(__always)
  public static var lastAcknowledgment: TCPState { TCPState(rawValue: 9) }
  /// Connections are waited for.
  @inline(__always)
  public static var listening: TCPState { TCPState(rawValue: 10) }
  /// Both ends closed at once.
  @inline(__always)
  public static var closing: TCPState { TCPState(rawValue: 11) }
  /// A request for a connection was answered, and no socket made yet.
  @inline(__always)
  public static var newSynReceived: TCPState { TCPState(rawValue: 12) }
}

/// What a program of `sockops` is called for (`BPF_SOCK_OPS_*`).
@frozen
public struct SocketOperation: RawRepresentable, BitwiseCopyable, Hashable {
  public let rawValue: UInt32

  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Which timeout for SYN: reply, in ticks.
  @inline(__always)
  public static var timeoutInit: SocketOperation { SocketOperation(rawValue: 1) }
  /// Which first receive window: reply, in segments.
  @inline(__always)
  public static var receiveWindowInit: SocketOperation { SocketOperation(rawValue: 2) }
  /// A connection is about to be asked for.
  @inline(__always)
  public static var connect: SocketOperation { SocketOperation(rawValue: 3) }
  /// A connection that was asked for here is there.
  @inline(__always)
  public static var activeEstablished: SocketOperation { SocketOperation(rawValue: 4) }
  /// A connection that was asked for elsewhere is there.
  @inline(__always)
  public static var passiveEstablished: SocketOperation { SocketOperation(rawValue: 5) }
  /// Whether congestion notification is wanted: reply 1.
  @inline(__always)
  public static var needsECN: SocketOperation { SocketOperation(rawValue: 6) }
  /// Which round-trip time is the base: reply.
  @inline(__always)
  public static var baseRTT: SocketOperation { SocketOperation(rawValue: 7) }
  /// A retransmission timeout ran out.
  @inline(__always)
  public static var retransmissionTimeout: SocketOperation { SocketOperation(rawValue: 8) }
  /// A segment is sent again.
  @inline(__always)
  public static var retransmit: SocketOperation { SocketOperation(rawValue: 9) }
  /// The state changes: from the first argument to the second.
  @inline(__always)
  public static var state: SocketOperation { SocketOperation(rawValue: 10) }
  /// The socket listens.
  @inline(__always)
  public static var listen: SocketOperation { SocketOperation(rawValue: 11) }
  /// A round-trip time was measured.
  @inline(__always)
  public static var roundTrip: SocketOperation { SocketOperation(rawValue: 12) }
  /// A header has options to parse.
  @inline(__always)
  public static var parseHeaderOptions: SocketOperation { SocketOperation(rawValue: 13) }
  /// How many bytes of options are wanted.
  @inline(__always)
  public static var headerOptionLength: SocketOperation { SocketOperation(rawValue: 14) }
  /// Options are to be written.
  @inline(__always)
  public static var writeHeaderOptions: SocketOperation { SocketOperation(rawValue: 15) }
}

/// Events that a program of `sockops` can ask for (`BPF_SOCK_OPS_*_CB_FLAG`).
@frozen
public struct SocketCallbacks: OptionSet, BitwiseCopyable, Hashable {
  public let rawValue: Int32

  @inline(__always)
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Retransmission timeouts.
  @inline(__always)
  public static var retransmissionTimeout: SocketCallbacks { SocketCallbacks(rawValue: 1) }
  /// Segments sent again.
  @inline(__always)
  public static var retransmit: SocketCallbacks { SocketCallbacks(rawValue: 2) }
  /// Changes of state.
  @inline(__always)
  public static var state: SocketCallbacks { SocketCallbacks(rawValue: 4) }
  /// Measured round-trip times.
  @inline(__always)
  public static var roundTrip: SocketCallbacks { SocketCallbacks(rawValue: 8) }
  /// Options of all headers.
  @inline(__always)
  public static var parseAllHeaderOptions: SocketCallbacks { SocketCallbacks(rawValue: 16) }
  /// Options that the kernel does not know.
  @inline(__always)
  public static var parseUnknownHeaderOptions: SocketCallbacks { SocketCallbacks(rawValue: 32) }
  /// Options to write.
  @inline(__always)
  public static var writeHeaderOptions: SocketCallbacks { SocketCallbacks(rawValue: 64) }
}
