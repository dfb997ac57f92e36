// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Functions of the kernel (kfuncs), scoped so that what they open is closed.

/// Calls `body` with the numbers of a range, until it returns `.stop`: an open-coded iterator (Linux 6.4), whose body is part of this function
/// and which the verifier looks at once or twice, however long the range is.
@inline(__always)
public func iterate(_ range: Range<Int32>, _ body: (Int32) -> LoopStep) {
  #if hasFeature(Embedded)
  var iterator = bpf_iter_num()
  withUnsafeMutablePointer(to: &iterator) { iterator in
    _ = cbpf_iter_num_new(iterator, range.lowerBound, range.upperBound)
    while let number = cbpf_iter_num_next(iterator)?.pointee {
      // The verifier does not know that the iterator keeps to the range.
      if number < range.lowerBound || number >= range.upperBound || body(number) == .stop { break }
    }
    cbpf_iter_num_destroy(iterator)
  }
  #else
  for number in range where body(number) == .stop { break }
  #endif
}

/// Calls `body` with the kernel's read-copy-update lock held (`bpf_rcu_read_lock`, Linux 6.2): programs that may sleep need it around pointers
/// to kernel objects.
@inline(__always)
public func withReadLock<Result>(_ body: () -> Result) -> Result {
  #if hasFeature(Embedded)
  cbpf_rcu_read_lock()
  let result = body()
  cbpf_rcu_read_unlock()
  return result
  #else
  return body()
  #endif
}

/// Calls `body` on one processor without interruption by other tasks (`bpf_preempt_disable`, Linux 6.10).
@inline(__always)
public func withPreemptionDisabled<Result>(_ body: () -> Result) -> Result {
  #if hasFeature(Embedded)
  cbpf_preempt_disable()
  let result = body()
  cbpf_preempt_enable()
  return result
  #else
  return body()
  #endif
}

/// A task that the program holds until the value goes out of scope (`bpf_task_release`).
@frozen
public struct TaskReference: ~Copyable {
  public let pointer: OpaquePointer

  /// The task with a number, if there is one (`bpf_task_from_pid`, Linux 6.2). Natively there are none.
  @inline(__always)
  public init?(threadID: Int32) {
    #if hasFeature(Embedded)
    guard let pointer = cbpf_task_from_pid(threadID) else { return nil }
    self.pointer = pointer
    #else
    return nil
    #endif
  }

  #if hasFeature(Embedded)
  @inline(__always)
  deinit { cbpf_task_release(pointer) }
  #endif
}

extension XDPContext {
  /// The hash that the interface computed of the packet's addresses and ports, where its driver tells (`bpf_xdp_metadata_rx_hash`, Linux 6.3;
  /// programs that are bound to a device).
  @inline(__always)
  public var hardwareHash: UInt32? {
    #if hasFeature(Embedded)
    var hash: UInt32 = 0
    var type = CBPF_HASH_TYPE_NONE
    return cbpf_xdp_metadata_rx_hash(pointer, &hash, &type) == 0 ? hash : nil
    #else
    return nil
    #endif
  }

  /// When the interface received the packet, in nanoseconds, where its driver tells (`bpf_xdp_metadata_rx_timestamp`, Linux 6.3; programs that
  /// are bound to a device).
  @inline(__always)
  public var hardwareTimestamp: UInt64? {
    #if hasFeature(Embedded)
    var timestamp: UInt64 = 0
    return cbpf_xdp_metadata_rx_timestamp(pointer, &timestamp) == 0 ? timestamp : nil
    #else
    return nil
    #endif
  }
}

/// Bytes of a packet wherever they are, read and written by copies (`struct bpf_dynptr`).
@frozen
public struct PacketBytes: ~Copyable {
  #if hasFeature(Embedded)
  let pointer: UnsafeMutablePointer<bpf_dynptr>

  @inline(__always)
  init(_ pointer: UnsafeMutablePointer<bpf_dynptr>) { self.pointer = pointer }

  /// Bytes of the packet (`bpf_dynptr_size`).
  @inline(__always)
  public var byteCount: UInt32 { cbpf_dynptr_size(pointer) }

  /// Copies a value out at an offset; `nil` past the end (`bpf_dynptr_read`).
  @inline(__always)
  public func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, at offset: Int) -> Value? {
    withZeroed(Value.self) { buffer in
      bpf_dynptr_read(buffer, UInt32(MemoryLayout<Value>.size), pointer, UInt32(truncatingIfNeeded: offset), 0) == 0
        ? buffer.pointee : nil
    }
  }
  #else
  let packet: Packet?
  let buffer: UnsafeMutablePointer<__sk_buff>?

  init(packet: Packet? = nil, buffer: UnsafeMutablePointer<__sk_buff>? = nil) {
    self.packet = packet
    self.buffer = buffer
  }

  /// Bytes of the packet.
  public var byteCount: UInt32 { packet.map { UInt32($0.byteCount) } ?? buffer?.pointee.len ?? 0 }

  /// Copies a value out at an offset; `nil` past the end.
  public func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, at offset: Int) -> Value? {
    if let packet { return packet.load(at: offset) }
    guard let buffer else { return nil }
    return withZeroed(Value.self) {
      bpf_skb_load_bytes(buffer, UInt32(truncatingIfNeeded: offset), $0, UInt32(MemoryLayout<Value>.size)) == 0 ? $0.pointee : nil
    }
  }
  #endif
}

extension XDPContext {
  /// Gives `body` the packet with all its parts (`bpf_dynptr_from_xdp`, Linux 6.4).
  @inline(__always)
  public func withBytes<Result>(_ body: (borrowing PacketBytes) -> Result) -> Result {
    #if hasFeature(Embedded)
    var dynptr = bpf_dynptr()
    return withUnsafeMutablePointer(to: &dynptr) { dynptr in
      _ = cbpf_dynptr_from_xdp(pointer, 0, dynptr)
      return body(PacketBytes(dynptr))
    }
    #else
    return body(PacketBytes(packet: packet))
    #endif
  }
}

extension SocketBufferContext {
  /// Gives `body` the packet with all its parts (`bpf_dynptr_from_skb`, Linux 6.4).
  @inline(__always)
  public func withBytes<Result>(_ body: (borrowing PacketBytes) -> Result) -> Result {
    #if hasFeature(Embedded)
    var dynptr = bpf_dynptr()
    return withUnsafeMutablePointer(to: &dynptr) { dynptr in
      _ = cbpf_dynptr_from_skb(pointer, 0, dynptr)
      return body(PacketBytes(dynptr))
    }
    #else
    return body(PacketBytes(buffer: pointer))
    #endif
  }
}

extension NetfilterContext {
  /// Gives `body` the packet, from the network header on (`bpf_dynptr_from_skb`, Linux 6.4). Natively there is none: no bytes.
  @inline(__always)
  public func withBytes<Result>(_ body: (borrowing PacketBytes) -> Result) -> Result {
    #if hasFeature(Embedded)
    var dynptr = bpf_dynptr()
    return withUnsafeMutablePointer(to: &dynptr) { dynptr in
      _ = cbpf_dynptr_from_skb(UnsafeMutablePointer<__sk_buff>(buffer.unsafelyUnwrapped), 0, dynptr)
      return body(PacketBytes(dynptr))
    }
    #else
    return body(PacketBytes())
    #endif
  }
}
