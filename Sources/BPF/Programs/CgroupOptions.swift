// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program that sees, and may change, `setsockopt` and `getsockopt` (`BPF_PROG_TYPE_CGROUP_SOCKOPT`).
///
/// Sections: `cgroup/setsockopt`, `cgroup/getsockopt`. The result is a ``CgroupVerdict``.
@frozen
public struct SocketOptionCallContext: SocketOptionContext {
  public let pointer: UnsafeMutablePointer<bpf_sockopt>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<bpf_sockopt>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// The level: `SOL_SOCKET` 1, `IPPROTO_TCP` 6, …
  @inline(__always)
  public var level: Int32 {
    get { pointer.pointee.level }
    nonmutating set { pointer.pointee.level = newValue }
  }

  /// The option.
  @inline(__always)
  public var name: Int32 {
    get { pointer.pointee.optname }
    nonmutating set { pointer.pointee.optname = newValue }
  }

  /// Bytes of the value. In `setsockopt`, -1 skips the kernel's own handling.
  @inline(__always)
  public var byteCount: Int32 {
    get { pointer.pointee.optlen }
    nonmutating set { pointer.pointee.optlen = newValue }
  }

  /// What `getsockopt` returns: only in section `cgroup/getsockopt`.
  @inline(__always)
  public var result: Int32 {
    get { pointer.pointee.retval }
    nonmutating set { pointer.pointee.retval = newValue }
  }

  /// The value's bytes, at most a page of them.
  @inline(__always)
  public var value: Packet {
    Packet(start: pointer.pointee.optval.unsafelyUnwrapped, end: pointer.pointee.optval_end.unsafelyUnwrapped)
  }
}
