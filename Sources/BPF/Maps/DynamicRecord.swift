// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Room in a ring buffer whose size was not known when the program was compiled (`struct bpf_dynptr`).
@frozen
public struct DynamicRecord: ~Copyable {
  let pointer: UnsafeMutablePointer<bpf_dynptr>

  @inline(__always)
  init(_ pointer: UnsafeMutablePointer<bpf_dynptr>) { self.pointer = pointer }

  /// Writes a value at an offset; `false` past the end (`bpf_dynptr_write`).
  @discardableResult @inline(__always)
  public func store<Value: BitwiseCopyable>(_ value: Value, at offset: Int) -> Bool {
    withZeroPadded(value) {
      bpf_dynptr_write(
        pointer, UInt32(truncatingIfNeeded: offset), $0, UInt32(MemoryLayout<Value>.stride), 0) == 0
    }
  }

  /// Copies a value out at an offset; `nil` past the end (`bpf_dynptr_read`).
  @inline(__always)
  public func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, at offset: Int) -> Value? {
    withZeroed(Value.self) { buffer in
      bpf_dynptr_read(buffer, UInt32(MemoryLayout<Value>.size), pointer, UInt32(truncatingIfNeeded: offset), 0) == 0
        ? buffer.pointee : nil
    }
  }
}

/// What becomes of a record.
@frozen
public enum RecordEnd {
  case submit
  case discard
}

extension RingBuffer {
  /// Puts a record of `byteCount` bytes, which `body` writes (`bpf_ringbuf_reserve_dynptr`). Its bytes are not zeroed: write all of them.
  /// - Returns: whether there was room.
  @discardableResult @inline(__always)
  public func withDynamicRecord(byteCount: UInt32, _ body: (borrowing DynamicRecord) -> RecordEnd) -> Bool {
    var dynptr = bpf_dynptr()
    return withUnsafeMutablePointer(to: &dynptr) { pointer in
      // A failed reservation, too, must be given back.
      guard bpf_ringbuf_reserve_dynptr(anchor.pointer, byteCount, 0, pointer) == 0 else {
        bpf_ringbuf_discard_dynptr(pointer, 0)
        return false
      }
      switch body(DynamicRecord(pointer)) {
      case .submit: bpf_ringbuf_submit_dynptr(pointer, 0)
      case .discard: bpf_ringbuf_discard_dynptr(pointer, 0)
      }
      return true
    }
  }

  /// Puts a record as it lies in memory, in one call (`bpf_ringbuf_output`).
  @discardableResult @inline(__always)
  public func output(_ record: Record, wakeup: Wakeup = .adaptive) -> Bool {
    withZeroPadded(record) {
      bpf_ringbuf_output(anchor.pointer, $0, UInt64(MemoryLayout<Record>.stride), wakeup.rawValue) == 0
    }
  }
}
