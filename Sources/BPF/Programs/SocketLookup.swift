// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program that chooses the socket for a new connection or datagram (`BPF_PROG_TYPE_SK_LOOKUP`).
///
/// Section: `sk_lookup`. The result is a ``SocketVerdict``: `.pass` with the socket that was assigned, or the usual one where none was.
@frozen
public struct SocketLookupProgramContext: ProgramContext {
  public let pointer: UnsafeMutablePointer<bpf_sk_lookup>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<bpf_sk_lookup>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// The address family.
  @inline(__always)
  public var family: AddressFamily { AddressFamily(rawValue: pointer.pointee.family) }

  /// TCP or UDP.
  @inline(__always)
  public var `protocol`: IPProtocol { IPProtocol(rawValue: UInt8(truncatingIfNeeded: pointer.pointee.protocol)) }

  /// Who calls, of IPv4.
  @inline(__always)
  public var remoteIPv4: IPv4Address { IPv4Address(bytes: pointer.pointee.remote_ip4) }

  /// Who calls, of IPv6.
  @inline(__always)
  public var remoteIPv6: IPv6Address { IPv6Address(words: pointer.pointee.remote_ip6) }

  /// From which port.
  @inline(__always)
  public var remotePort: Port { Port(bytes: pointer.pointee.remote_port) }

  /// Who is called, of IPv4.
  @inline(__always)
  public var localIPv4: IPv4Address { IPv4Address(bytes: pointer.pointee.local_ip4) }

  /// Who is called, of IPv6.
  @inline(__always)
  public var localIPv6: IPv6Address { IPv6Address(words: pointer.pointee.local_ip6) }

  /// At which port.
  @inline(__always)
  public var localPort: Port { Port(UInt16(truncatingIfNeeded: pointer.pointee.local_port)) }

  /// The index of the interface that it came in on.
  @inline(__always)
  public var ingressInterface: UInt32 { pointer.pointee.ingress_ifindex }

  /// Chooses a socket (`bpf_sk_assign`).
  /// - Parameter flags: 1 to replace a socket that is chosen already, 2 to leave reuseport groups out.
  @inline(__always)
  public func assign(_ socket: borrowing Socket, flags: UInt64 = 0) -> Bool { bpf_sk_assign(pointer, socket.pointer, flags) == 0 }

  /// Goes back to the usual lookup (`bpf_sk_assign` with no socket).
  @inline(__always)
  public func unassign() { _ = bpf_sk_assign(pointer, nil, 1) }
}
