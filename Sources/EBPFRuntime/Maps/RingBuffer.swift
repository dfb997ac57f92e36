import CEBPF
import EBPFHost
import EBPFObject

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `BPF_MAP_TYPE_RINGBUF` (`kernel/bpf/ringbuf.c`): records from programs to the host, in the order in which they were reserved.
///
/// The memory is the kernel's: a page with the reader's position, a page with the writers' position, and the data, mapped twice in a row so
/// that no record is ever split; before them a page of this host's own. Writers reserve under a lock and fill in their records without; a
/// record that is not committed yet holds the reader up, and with it those behind it.
final class RingBuffer: UserspaceMap, @unchecked Sendable {
  static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  private let memory: DoubledMemory
  private let ring: Ring
  private let reader = Locked(())

  /// - Returns: `nil` where there is not enough memory.
  init?(spec: MapSpec) {
    guard let memory = DoubledMemory(headerSize: 3 * Self.pageSize, dataSize: spec.maxEntries) else { return nil }
    self.memory = memory
    ring = Ring(memory.start)
    ring.initialize(size: spec.maxEntries)
    super.init(spec: spec, processorCount: 1)
    header.pointee.table = memory.start
  }

  override func read(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 { notSupported }
  override func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 { notSupported }
  override func erase(_ key: UnsafeRawPointer) -> Int32 { notSupported }
  override func next(after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer) -> Int32 { notSupported }

  /// Gives every record that is complete to `body`, in order, and frees its room. One reader at a time: a second one waits, and `body` may not
  /// drain the same buffer.
  override func drain(_ body: (UnsafeRawBufferPointer) -> Void) throws(HostError) -> Int {
    try checkOpen()
    return reader.withLock { _ in ring.drain(body) }
  }

  /// Waits until a record was committed that asks for a wake-up, or there is one already.
  /// - Returns: whether there is anything to drain.
  override func wait(nanoseconds: Int64) throws(HostError) -> Bool {
    try checkOpen()
    return ring.wait(nanoseconds: nanoseconds)
  }
}

/// Memory whose last part is mapped twice in a row.
private final class DoubledMemory: @unchecked Sendable {
  let start: UnsafeMutableRawPointer
  private let byteCount: Int

  init?(headerSize: Int, dataSize: Int) {
    guard dataSize <= MapMemory.physical else { return nil }
    let file = cebpf_memory_file("ebpf-ringbuf", headerSize + dataSize)
    guard file >= 0 else { return nil }
    defer { close(file) }
    byteCount = headerSize + 2 * dataSize
    let protection = PROT_READ | PROT_WRITE
    // The whole range first, so that both mappings go to places that are surely free.
    guard let memory = mmap(nil, byteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED else { return nil }
    start = memory
    guard mmap(memory, headerSize + dataSize, protection, MAP_SHARED | MAP_FIXED, file, 0) == memory,
      mmap(memory + headerSize + dataSize, dataSize, protection, MAP_SHARED | MAP_FIXED, file, off_t(headerSize)) == memory + headerSize
        + dataSize
    else {
      // From here on all is set, and `deinit` gives the range back.
      return nil
    }
  }

  deinit { munmap(start, byteCount) }
}

/// A ring buffer's memory as writers and reader see it: nothing but its address.
struct Ring {
  private let base: UnsafeMutableRawPointer

  /// The ring of a map's header.
  init(_ map: UnsafeMutablePointer<ebpf_map>) { base = map.pointee.table.unsafelyUnwrapped }
  fileprivate init(_ base: UnsafeMutableRawPointer) { self.base = base }

  /// The ring that a record belongs to: its header says how many pages before it the ring begins.
  init(ofRecord record: UInt64) {
    let header = record &- UInt64(Self.headerSize)
    let pages = UInt64(pointer(header).load(fromByteOffset: 4, as: UInt32.self))
    let page = UInt64(RingBuffer.pageSize)
    base = pointer(header & ~(page &- 1) &- pages &* page)
  }

  /// Bits of a record's length.
  static let busy: UInt32 = 1 << 31
  static let discarded: UInt32 = 1 << 30
  /// `BPF_RINGBUF_HDR_SZ`: length and bits, then the distance to the ring in pages.
  static let headerSize = 8
  /// `RINGBUF_MAX_RECORD_SZ`
  private static let largestRecord = UInt64(UInt32.max / 4)
  /// `BPF_RB_NO_WAKEUP`, `BPF_RB_FORCE_WAKEUP`
  static let noWakeup: UInt64 = 1
  static let forceWakeup: UInt64 = 2

  // The host's own page: the writers' lock, a count of wake-ups, how many wait for one, the size, and how far all records are committed.
  private var lock: UnsafeMutablePointer<UInt32> { base.assumingMemoryBound(to: UInt32.self) }
  private var wakeups: UnsafeMutablePointer<UInt32> { (base + 64).assumingMemoryBound(to: UInt32.self) }
  private var waiters: UInt64 { UInt64(UInt(bitPattern: base)) &+ 68 }
  private var sizePlace: UnsafeMutablePointer<UInt64> { (base + 8).assumingMemoryBound(to: UInt64.self) }
  private var pending: UnsafeMutablePointer<UInt64> { (base + 16).assumingMemoryBound(to: UInt64.self) }
  private var consumerPlace: UInt64 { UInt64(UInt(bitPattern: base)) &+ UInt64(RingBuffer.pageSize) }
  private var producerPlace: UInt64 { consumerPlace &+ UInt64(RingBuffer.pageSize) }
  private var data: UInt64 { producerPlace &+ UInt64(RingBuffer.pageSize) }

  fileprivate func initialize(size: Int) { sizePlace.pointee = UInt64(size) }

  /// Bytes of data.
  var size: UInt64 { sizePlace.pointee }
  var consumerPosition: UInt64 { cebpf_load_acquire64(consumerPlace) }
  var producerPosition: UInt64 { cebpf_load_acquire64(producerPlace) }

  /// Takes room for a record; it holds the reader up until it is committed.
  /// - Returns: the address of its bytes, or 0 where there is no room.
  func reserve(_ byteCount: UInt64) -> UInt64 {
    guard byteCount <= Self.largestRecord else { return 0 }
    let length = (byteCount &+ UInt64(Self.headerSize) &+ 7) & ~7
    let size = size
    guard length <= size else { return 0 }
    let consumer = consumerPosition
    cebpf_lock(lock)
    defer { cebpf_unlock(lock) }
    let producer = cebpf_load_relaxed64(producerPlace)
    // The oldest record that is not committed and the newest may not be a whole ring apart.
    var oldest = pending.pointee
    while oldest < producer {
      let word = cebpf_load_relaxed32(data &+ oldest & (size &- 1))
      if word & Self.busy != 0 { break }
      oldest &+= (UInt64(word & ~Self.discarded) &+ UInt64(Self.headerSize) &+ 7) & ~7
    }
    pending.pointee = oldest
    let end = producer &+ length
    guard end &- consumer < size, end &- oldest < size else { return 0 }
    let header = data &+ producer & (size &- 1)
    let pages = UInt32(truncatingIfNeeded: (header &- UInt64(UInt(bitPattern: base))) / UInt64(RingBuffer.pageSize))
    cebpf_store_relaxed32(header &+ 4, pages)
    cebpf_store_relaxed32(header, UInt32(truncatingIfNeeded: byteCount) | Self.busy)
    cebpf_store_release64(producerPlace, end)
    return header &+ UInt64(Self.headerSize)
  }

  /// Hands a record over, or gives it up, and wakes the reader where it waits for this one.
  func commit(_ record: UInt64, _ flags: UInt64, isDiscarded: Bool) {
    let header = record &- UInt64(Self.headerSize)
    let length = cebpf_load_relaxed32(header) ^ Self.busy
    _ = cebpf_atomic_exchange32(header, isDiscarded ? length | Self.discarded : length)
    let isAwaited = consumerPosition & (size &- 1) == header &- data
    if flags & Self.forceWakeup != 0 || isAwaited && flags & Self.noWakeup == 0 { wake() }
  }

  private func wake() {
    _ = cebpf_atomic_add32(UInt64(UInt(bitPattern: wakeups)), 1)
    if cebpf_atomic_add32(waiters, 0) != 0 { cebpf_wake(wakeups) }
  }

  fileprivate func wait(nanoseconds: Int64) -> Bool {
    _ = cebpf_atomic_add32(waiters, 1)
    defer { _ = cebpf_atomic_add32(waiters, .max) }
    let seen = cebpf_load_relaxed32(UInt64(UInt(bitPattern: wakeups)))
    if !hasRecords { cebpf_wait(wakeups, seen, nanoseconds) }
    return hasRecords
  }

  /// Whether the next record is complete.
  private var hasRecords: Bool {
    let position = consumerPosition
    return position < producerPosition && cebpf_load_acquire32(data &+ position & (size &- 1)) & Self.busy == 0
  }

  fileprivate func drain(_ body: (UnsafeRawBufferPointer) -> Void) -> Int {
    let mask = size &- 1
    var count = 0
    var position = consumerPosition
    while true {
      let end = producerPosition
      guard position < end else { return count }
      while position < end {
        let header = data &+ position & mask
        let word = cebpf_load_acquire32(header)
        guard word & Self.busy == 0 else { return count }
        let length = UInt64(word & ~Self.discarded)
        if word & Self.discarded == 0 {
          body(UnsafeRawBufferPointer(start: pointer(header &+ UInt64(Self.headerSize)), count: Int(length)))
          count += 1
        }
        position &+= (length &+ UInt64(Self.headerSize) &+ 7) & ~7
        cebpf_store_release64(consumerPlace, position)
      }
    }
  }
}
