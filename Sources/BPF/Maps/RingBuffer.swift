// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Records for user space, of all processors in one order (`BPF_MAP_TYPE_RINGBUF`).
/// ```swift
/// let events = RingBuffer<OpenEvent>(byteCount: 1 << 16)
/// …
/// guard let record = events.reserve() else { return }
/// record.value.pid = Task.current.pid
/// record.submit()
/// ```
public struct RingBuffer<Record: BitwiseCopyable>: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// A buffer of `byteCount` bytes: a power of two and a multiple of the page size.
  @inline(__always)
  public init(byteCount: Int, flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(27), key: 0, value: 0, maxEntries: byteCount, MapOptions(flags: flags, pinning: pinning, numaNode: numaNode)))
  }

  /// Room for one record; `nil` where the buffer is full. Bytes between the fields are zero; the fields hold what was there before: write all of
  /// them.
  ///
  /// A reservation must be submitted or discarded on every path.
  @inline(__always)
  public func reserve() -> Reservation<Record>? {
    guard let pointer = bpf_ringbuf_reserve(anchor.pointer, UInt64(MemoryLayout<Record>.stride), 0) else { return nil }
    let record = pointer.assumingMemoryBound(to: Record.self)
    zeroPadding(of: record)
    return Reservation(record)
  }

  /// Puts a record. `false` where the buffer is full.
  @discardableResult @inline(__always)
  public func submit(_ record: Record, wakeup: Wakeup = .adaptive) -> Bool {
    guard let pointer = bpf_ringbuf_reserve(anchor.pointer, UInt64(MemoryLayout<Record>.stride), 0) else { return false }
    pointer.assumingMemoryBound(to: Record.self).initialize(to: record)
    zeroPadding(of: pointer.assumingMemoryBound(to: Record.self))
    bpf_ringbuf_submit(pointer, wakeup.rawValue)
    return true
  }

  /// Bytes in the buffer that user space has not read yet.
  @inline(__always)
  public var availableBytes: UInt64 { bpf_ringbuf_query(anchor.pointer, 0) }
  /// Bytes of the buffer.
  @inline(__always)
  public var byteCount: UInt64 { bpf_ringbuf_query(anchor.pointer, 1) }
}

/// Whether a record wakes its reader.
@frozen
public struct Wakeup: BitwiseCopyable {
  let rawValue: UInt64
  @inline(__always)
  init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// Where the reader has read everything before it.
  @inline(__always)
  public static var adaptive: Wakeup { Wakeup(0) }
  /// Not (`BPF_RB_NO_WAKEUP`).
  @inline(__always)
  public static var never: Wakeup { Wakeup(1) }
  /// In any case (`BPF_RB_FORCE_WAKEUP`).
  @inline(__always)
  public static var always: Wakeup { Wakeup(2) }
}

/// Room for a record in a ring buffer. It ends in exactly one way: ``submit(wakeup:)`` or ``discard(wakeup:)``; one that goes out of scope is
/// discarded. Using it afterwards does not compile.
@frozen
public struct Reservation<Record: BitwiseCopyable>: ~Copyable {
  /// Where the record lies.
  public let pointer: UnsafeMutablePointer<Record>

  @inline(__always)
  init(_ pointer: UnsafeMutablePointer<Record>) { self.pointer = pointer }

  /// The record; fields can be written one by one.
  @inline(__always)
  public var value: Record {
    get { pointer.pointee }
    nonmutating _modify { yield &pointer.pointee }
  }

  /// Gives the record to the reader.
  @inline(__always)
  public consuming func submit(wakeup: Wakeup = .adaptive) {
    bpf_ringbuf_submit(pointer, wakeup.rawValue)
    discard self
  }

  /// Gives the room back; the reader does not see it.
  @inline(__always)
  public consuming func discard(wakeup: Wakeup = .never) {
    bpf_ringbuf_discard(pointer, wakeup.rawValue)
    discard self
  }

  @inline(__always)
  deinit { bpf_ringbuf_discard(pointer, 0) }
}
