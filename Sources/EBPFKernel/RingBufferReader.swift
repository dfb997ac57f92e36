internal import CEBPF
internal import EBPFHost

/// The reading side of a `BPF_MAP_TYPE_RINGBUF`: two pages of positions and the data, mapped twice in a row so that no record is ever split.
///
/// Source: `kernel/bpf/ringbuf.c`. One reader at a time; it may move between threads, as its pointers are to memory that it owns.
struct RingBufferReader: ~Copyable, @unchecked Sendable {
  /// Bits of a record's length.
  private static let busy: UInt32 = 1 << 31
  private static let discarded: UInt32 = 1 << 30
  private static let headerSize = 8

  /// The page that only this side writes: how far it has read.
  private let consumer: UnsafeMutableRawPointer
  /// The page with the other side's position, and the data behind it.
  private let producer: UnsafeMutableRawPointer
  private let size: Int
  private let pageSize: Int

  /// Maps the buffer.
  /// - Parameter size: Its `max_entries`.
  init(descriptor: Int32, size: Int, name: String) throws(HostError) {
    self.size = size
    pageSize = ebpf_page_size()
    var error: Int32 = 0
    guard let consumer = ebpf_map_memory(descriptor, pageSize, 0, 1, &error) else {
      throw HostError("map the memory of ring buffer '\(name)'", SystemError(errno: error))
    }
    guard let producer = ebpf_map_memory(descriptor, pageSize + 2 * size, UInt64(pageSize), 0, &error) else {
      ebpf_unmap_memory(consumer, pageSize)
      throw HostError("map the memory of ring buffer '\(name)'", SystemError(errno: error))
    }
    self.consumer = consumer
    self.producer = producer
  }

  deinit {
    ebpf_unmap_memory(consumer, pageSize)
    ebpf_unmap_memory(producer, pageSize + 2 * size)
  }

  /// Gives every record that is complete to `body`, in order, and frees its room.
  /// - Returns: how many there were.
  func drain(_ body: (UnsafeRawBufferPointer) -> Void) -> Int {
    let data = producer + pageSize
    let mask = UInt64(size - 1)
    var count = 0
    var position = ebpf_load_acquire_64(consumer)
    while true {
      let end = ebpf_load_acquire_64(producer)
      guard position < end else { return count }
      while position < end {
        let header = data + Int(position & mask)
        let word = ebpf_load_acquire_32(header)
        guard word & Self.busy == 0 else { return count }
        let length = Int(word & ~Self.discarded)
        if word & Self.discarded == 0 {
          body(UnsafeRawBufferPointer(start: header + Self.headerSize, count: min(length, size)))
          count += 1
        }
        position += UInt64((length + Self.headerSize + 7) & ~7)
        ebpf_store_release_64(consumer, position)
      }
    }
  }
}
