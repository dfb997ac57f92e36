// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program that sees a control group's sockets made, bound or closed (`BPF_PROG_TYPE_CGROUP_SOCK`).
///
/// Sections: `cgroup/sock_create` (or `cgroup/sock`), `cgroup/sock_release`, `cgroup/post_bind4`, `cgroup/post_bind6`. The result is a ``CgroupVerdict``.
@frozen
public struct CgroupSocketContext: ProgramContext {
  public let pointer: UnsafeMutablePointer<bpf_sock>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<bpf_sock>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// The family.
  @inline(__always)
  public var family: AddressFamily { AddressFamily(rawValue: pointer.pointee.family) }

  /// The type.
  @inline(__always)
  public var type: SocketType { SocketType(rawValue: pointer.pointee.type) }

  /// The protocol.
  @inline(__always)
  public var `protocol`: IPProtocol { IPProtocol(rawValue: UInt8(truncatingIfNeeded: pointer.pointee.protocol)) }

  /// The index of the interface that the socket is bound to; 0 for none.
  @inline(__always)
  public var boundInterface: UInt32 {
    get { pointer.pointee.bound_dev_if }
    nonmutating set { pointer.pointee.bound_dev_if = newValue }
  }

  /// The mark of packets that the socket sends.
  @inline(__always)
  public var mark: UInt32 {
    get { pointer.pointee.mark }
    nonmutating set { pointer.pointee.mark = newValue }
  }

  /// The priority of packets that the socket sends.
  @inline(__always)
  public var priority: UInt32 {
    get { pointer.pointee.priority }
    nonmutating set { pointer.pointee.priority = newValue }
  }

  /// The own address: only in `cgroup/post_bind4`.
  @inline(__always)
  public var sourceIPv4: IPv4Address { IPv4Address(bytes: pointer.pointee.src_ip4) }

  /// The own address: only in `cgroup/post_bind6`.
  @inline(__always)
  public var sourceIPv6: IPv6Address { IPv6Address(words: pointer.pointee.src_ip6) }

  /// The own port: only after binding.
  @inline(__always)
  public var sourcePort: Port { Port(UInt16(truncatingIfNeeded: pointer.pointee.src_port)) }

  /// A number that no other socket has had since the system started (`bpf_get_socket_cookie`).
  @inline(__always)
  public var cookie: UInt64 { bpf_get_socket_cookie(pointer) }
}
