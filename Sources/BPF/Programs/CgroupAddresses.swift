// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program that sees, and may change, the address of a system call on a socket (`BPF_PROG_TYPE_CGROUP_SOCK_ADDR`).
///
/// Sections: `cgroup/bind4`, `cgroup/connect4`, `cgroup/sendmsg4`, `cgroup/recvmsg4`, `cgroup/getpeername4`, `cgroup/getsockname4`, the same with `6` and,
/// but for bind, with `_unix`. The result is a ``CgroupVerdict``.
/// ```swift
/// /// Who asks for the service's address gets the local proxy.
/// @section("cgroup/connect4") @used
/// func connect(_ ctx: SocketAddressContext) -> CgroupVerdict {
///   if ctx.address == service, ctx.port == .http {
///     ctx.address = .loopback
///     ctx.port = 8080
///   }
///   return .allow
/// }
/// ```
@frozen
public struct SocketAddressContext: SocketLookupContext, SocketOptionContext {
  public let pointer: UnsafeMutablePointer<bpf_sock_addr>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<bpf_sock_addr>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// The address, of IPv4: in sections that end in `4`.
  @inline(__always)
  public var address: IPv4Address {
    get { IPv4Address(bytes: pointer.pointee.user_ip4) }
    nonmutating set { pointer.pointee.user_ip4 = newValue.bytes }
  }

  /// The address, of IPv6: in sections that end in `6`.
  @inline(__always)
  public var addressIPv6: IPv6Address {
    get { IPv6Address(words: pointer.pointee.user_ip6) }
    nonmutating set { pointer.pointee.user_ip6 = newValue.words }
  }

  /// The port.
  @inline(__always)
  public var port: Port {
    get { Port(bytes: UInt16(truncatingIfNeeded: pointer.pointee.user_port)) }
    nonmutating set { pointer.pointee.user_port = UInt32(newValue.bytes) }
  }

  /// The family that the caller gave.
  @inline(__always)
  public var userFamily: AddressFamily { AddressFamily(rawValue: pointer.pointee.user_family) }

  /// The socket's family.
  @inline(__always)
  public var family: AddressFamily { AddressFamily(rawValue: pointer.pointee.family) }

  /// The socket's type.
  @inline(__always)
  public var type: SocketType { SocketType(rawValue: pointer.pointee.type) }

  /// The socket's protocol.
  @inline(__always)
  public var `protocol`: IPProtocol { IPProtocol(rawValue: UInt8(truncatingIfNeeded: pointer.pointee.protocol)) }

  /// The sender's address: only in `cgroup/sendmsg4`.
  @inline(__always)
  public var messageSource: IPv4Address {
    get { IPv4Address(bytes: pointer.pointee.msg_src_ip4) }
    nonmutating set { pointer.pointee.msg_src_ip4 = newValue.bytes }
  }

  /// The sender's address: only in `cgroup/sendmsg6`.
  @inline(__always)
  public var messageSourceIPv6: IPv6Address {
    get { IPv6Address(words: pointer.pointee.msg_src_ip6) }
    nonmutating set { pointer.pointee.msg_src_ip6 = newValue.words }
  }
}
