import CEBPF
import EBPFHost
import EBPFObject
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `BPF_MAP_TYPE_PERF_EVENT_ARRAY`: records from programs to the host through `bpf_perf_event_output`.
///
/// The kernel has a buffer for each processor, which user space opens, maps and puts into the array. Here one buffer is there from the start
/// and serves all processors, so that records come in the order in which they were written; what it has no room for is refused with `ENOSPC`.
final class PerfEventArray: UserspaceMap, @unchecked Sendable {
  /// Bytes of records that may wait for the host.
  private static let bufferSize = 4 << 20
  private let records: RingBuffer

  /// - Returns: `nil` where there is not enough memory.
  init?(spec: MapSpec) {
    let buffer = MapSpec(name: spec.name, type: .ringbuf, keySize: 0, valueSize: 0, maxEntries: Self.bufferSize)
    guard let records = RingBuffer(spec: buffer) else { return nil }
    self.records = records
    super.init(spec: spec, processorCount: 1)
    header.pointee.table = records.header.pointee.table
  }

  /// The kernel gives out no descriptors of events, and takes only such.
  override func read(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 { EOPNOTSUPP }
  override func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 { EBADF }

  override func next(after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer) -> Int32 {
    nextIndex(after: key, count: spec.maxEntries, into: next)
  }

  override func drain(_ body: (UnsafeRawBufferPointer) -> Void) throws(HostError) -> Int {
    try checkOpen()
    return try records.drain(body)
  }

  override func wait(nanoseconds: Int64) throws(HostError) -> Bool {
    try checkOpen()
    return try records.wait(nanoseconds: nanoseconds)
  }
}
