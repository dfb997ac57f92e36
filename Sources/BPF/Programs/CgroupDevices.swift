// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program that lets a control group open device files (`BPF_PROG_TYPE_CGROUP_DEVICE`).
///
/// Section: `cgroup/dev`. The result is a ``CgroupVerdict``.
@frozen
public struct DeviceContext: ProgramContext {
  public let pointer: UnsafeMutablePointer<bpf_cgroup_dev_ctx>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<bpf_cgroup_dev_ctx>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// Whether it is a block device; else a character device.
  @inline(__always)
  public var isBlockDevice: Bool { pointer.pointee.access_type & 0xFFFF == 1 }

  /// Whether the file is made (`mknod`).
  @inline(__always)
  public var makesNode: Bool { pointer.pointee.access_type & 0x1_0000 != 0 }

  /// Whether it is opened for reading.
  @inline(__always)
  public var reads: Bool { pointer.pointee.access_type & 0x2_0000 != 0 }

  /// Whether it is opened for writing.
  @inline(__always)
  public var writes: Bool { pointer.pointee.access_type & 0x4_0000 != 0 }

  /// The device's major number.
  @inline(__always)
  public var major: UInt32 { pointer.pointee.major }

  /// The device's minor number.
  @inline(__always)
  public var minor: UInt32 { pointer.pointee.minor }
}

/// The context of a program that sees sysctls read and written (`BPF_PROG_TYPE_CGROUP_SYSCTL`).
///
/// Section: `cgroup/sysctl`. The result is a ``CgroupVerdict``.
@frozen
public struct SysctlContext: ProgramContext {
  public let pointer: UnsafeMutablePointer<bpf_sysctl>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<bpf_sysctl>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// Whether the sysctl is written.
  @inline(__always)
  public var isWrite: Bool { pointer.pointee.write != 0 }

  /// Where in the file.
  @inline(__always)
  public var position: UInt32 {
    get { pointer.pointee.file_pos }
    nonmutating set { pointer.pointee.file_pos = newValue }
  }

  /// Copies the name, `net/ipv4/tcp_mem`, ended by a zero byte; returns its length without it, or a negative errno (`bpf_sysctl_get_name`).
  /// - Parameter base: only the last part, `tcp_mem`.
  @inline(__always)
  public func name<let count: Int>(into buffer: inout InlineArray<count, UInt8>, base: Bool = false) -> Int {
    withUnsafeMutableBytes(of: &buffer) {
      bpf_sysctl_get_name(pointer, $0.baseAddress?.assumingMemoryBound(to: CChar.self), UInt(bitPattern: count), base ? 1 : 0)
    }
  }

  /// Copies the value that the sysctl has, ended by a zero byte; returns its length without it, or a negative errno
  /// (`bpf_sysctl_get_current_value`).
  @inline(__always)
  public func currentValue<let count: Int>(into buffer: inout InlineArray<count, UInt8>) -> Int {
    withUnsafeMutableBytes(of: &buffer) {
      bpf_sysctl_get_current_value(pointer, $0.baseAddress?.assumingMemoryBound(to: CChar.self), UInt(bitPattern: count))
    }
  }

  /// Copies the value that is about to be written, ended by a zero byte; returns its length without it, or a negative errno
  /// (`bpf_sysctl_get_new_value`).
  @inline(__always)
  public func newValue<let count: Int>(into buffer: inout InlineArray<count, UInt8>) -> Int {
    withUnsafeMutableBytes(of: &buffer) {
      bpf_sysctl_get_new_value(pointer, $0.baseAddress?.assumingMemoryBound(to: CChar.self), UInt(bitPattern: count))
    }
  }

  /// Writes another value in place of the one that the process gave (`bpf_sysctl_set_new_value`).
  @inline(__always)
  public func setNewValue(_ text: StaticString) -> Bool {
    bpf_sysctl_set_new_value(
      pointer, UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self), UInt(bitPattern: text.utf8CodeUnitCount)) == 0
  }
}
