// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Samples from user space (`BPF_MAP_TYPE_USER_RINGBUF`, Linux 6.1).
public struct UserRingBuffer: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// A buffer of `byteCount` bytes: a power of two and a multiple of the page size.
  @inline(__always)
  public init(byteCount: Int, flags: MapFlags = [], pinning: Pinning = .none) {
    anchor = MapAnchor(MapDefinition(MapType(31), key: 0, value: 0, maxEntries: byteCount, MapOptions(flags: flags, pinning: pinning)))
  }

  /// Calls `body` for each sample, until it returns `.stop` (`bpf_user_ringbuf_drain`).
  /// - Returns: the number of samples, or a negative errno.
  @discardableResult @inline(__always)
  public func drain(wakeup: Wakeup = .adaptive, _ body: (Sample) -> LoopStep) -> Int {
    callbackDrain(anchor.pointer, body, wakeup.rawValue)
  }
}

/// A sample from user space.
@frozen
public struct Sample {
  let pointer: UnsafeMutableRawPointer

  @inline(__always)
  init(pointer: UnsafeMutableRawPointer) { self.pointer = pointer }

  /// Copies a value out of the sample at an offset; `nil` past the end (`bpf_dynptr_read`).
  @inline(__always)
  public func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, at offset: Int = 0) -> Value? {
    withZeroed(Value.self) { buffer in
      bpf_dynptr_read(
        buffer, UInt32(MemoryLayout<Value>.size), UnsafePointer(pointer.assumingMemoryBound(to: bpf_dynptr.self)),
        UInt32(truncatingIfNeeded: offset), 0) == 0 ? buffer.pointee : nil
    }
  }
}
