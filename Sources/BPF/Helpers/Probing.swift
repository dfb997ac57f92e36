// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Memory that a tracing program reads through a helper, which survives any address.
@frozen
public enum KernelMemory {
  /// Copies a value; `nil` where there is no such memory (`bpf_probe_read_kernel`).
  @inline(__always)
  public static func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, from address: UnsafeRawPointer?) -> Value? {
    withZeroed(Value.self) { buffer in
      bpf_probe_read_kernel(buffer, UInt32(MemoryLayout<Value>.size), address) == 0 ? buffer.pointee : nil
    }
  }

  /// Copies a text with its zero byte into a buffer, cut where it is too long; the number of bytes with the zero, or a negative errno
  /// (`bpf_probe_read_kernel_str`).
  @discardableResult @inline(__always)
  public static func copyString<let count: Int>(into buffer: inout InlineArray<count, UInt8>, from address: UnsafeRawPointer?) -> Int {
    withUnsafeMutableBytes(of: &buffer) { bpf_probe_read_kernel_str($0.baseAddress, UInt32(truncatingIfNeeded: count), address) }
  }
}

/// Memory of the process that the program runs for.
@frozen
public enum UserMemory {
  /// Copies a value; `nil` where there is no such memory, or it is not in core (`bpf_probe_read_user`).
  @inline(__always)
  public static func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, from address: UInt64) -> Value? {
    withZeroed(Value.self) { buffer in
      bpf_probe_read_user(buffer, UInt32(MemoryLayout<Value>.size), UnsafeRawPointer(bitPattern: UInt(address))) == 0
        ? buffer.pointee : nil
    }
  }

  /// Copies a text with its zero byte into a buffer, cut where it is too long; the number of bytes with the zero, or a negative errno
  /// (`bpf_probe_read_user_str`).
  @discardableResult @inline(__always)
  public static func copyString<let count: Int>(into buffer: inout InlineArray<count, UInt8>, from address: UInt64) -> Int {
    withUnsafeMutableBytes(of: &buffer) {
      bpf_probe_read_user_str($0.baseAddress, UInt32(truncatingIfNeeded: count), UnsafeRawPointer(bitPattern: UInt(address)))
    }
  }

  /// Writes a value into the process's memory (`bpf_probe_write_user`): for experiments only.
  @inline(__always)
  public static func store<Value: BitwiseCopyable>(_ value: Value, to address: UInt64) -> Bool {
    withZeroPadded(value) {
      bpf_probe_write_user(UnsafeMutableRawPointer(bitPattern: UInt(address)), $0, UInt32(MemoryLayout<Value>.size)) == 0
    }
  }
}
