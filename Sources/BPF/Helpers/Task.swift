// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The task that runs the program.
@frozen
public struct Task {
  @inline(__always)
  init() {}

  /// The task that is running.
  @inline(__always)
  public static var current: Task { Task() }

  /// The process (`tgid` in the kernel).
  @inline(__always)
  public var pid: UInt32 { UInt32(truncatingIfNeeded: bpf_get_current_pid_tgid() >> 32) }
  /// The thread (`pid` in the kernel).
  @inline(__always)
  public var threadID: UInt32 { UInt32(truncatingIfNeeded: bpf_get_current_pid_tgid()) }
  /// Process (upper half) and thread (lower half) at once.
  @inline(__always)
  public var pidAndThread: UInt64 { bpf_get_current_pid_tgid() }
  /// The user.
  @inline(__always)
  public var uid: UInt32 { UInt32(truncatingIfNeeded: bpf_get_current_uid_gid()) }
  /// The group.
  @inline(__always)
  public var gid: UInt32 { UInt32(truncatingIfNeeded: bpf_get_current_uid_gid() >> 32) }
  /// The control group, in version 2's hierarchy.
  @inline(__always)
  public var cgroup: UInt64 { bpf_get_current_cgroup_id() }

  /// Copies the command's name, at most 16 bytes, ended by a zero byte.
  @inline(__always)
  public func copyName<let count: Int>(into buffer: inout InlineArray<count, UInt8>) {
    withUnsafeMutableBytes(of: &buffer) { _ = bpf_get_current_comm($0.baseAddress, UInt32(truncatingIfNeeded: count)) }
  }
}
