import CEBPF
import EBPFObject
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `BPF_MAP_TYPE_QUEUE` and `BPF_MAP_TYPE_STACK` (`kernel/bpf/queue_stack_maps.c`): values without keys, first in first out or last in first
/// out. The host's lookup peeks, its update pushes and its lookup-and-delete pops.
final class QueueMap: UserspaceMap, @unchecked Sendable {
  private let memory: MapMemory
  private let table: UnsafeMutablePointer<QueueTable>

  /// - Returns: `nil` where there is not enough memory.
  init?(spec: MapSpec) {
    let stride = roundedToWord(spec.valueSize)
    let size = spec.maxEntries + 1
    guard size * stride <= MapMemory.physical, let memory = MapMemory(byteCount: 64 + size * stride) else { return nil }
    self.memory = memory
    table = .allocate(capacity: 1)
    table.initialize(
      to: QueueTable(
        lock: memory.start.assumingMemoryBound(to: UInt32.self), ends: (memory.start + 8).assumingMemoryBound(to: Int.self),
        values: memory.start + 64, stride: stride, valueSize: spec.valueSize, size: size, isStack: spec.type == .stack))
    super.init(spec: spec, processorCount: 1)
    header.pointee.table = UnsafeMutableRawPointer(table)
    setFunctions()
  }

  deinit { table.deallocate() }

  private func setFunctions() {
    header.pointee.push = { map, value, flags in negated(queueTable(map).pointee.push(value, flags)) }
    header.pointee.pop = { map, value in negated(queueTable(map).pointee.take(value, isRemoved: true)) }
    header.pointee.peek = { map, value in negated(queueTable(map).pointee.take(value, isRemoved: false)) }
  }

  override func read(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 { table.pointee.take(value, isRemoved: false) }
  override func take(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 { table.pointee.take(value, isRemoved: true) }
  override func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 { table.pointee.push(value, flags) }
  override func erase(_ key: UnsafeRawPointer) -> Int32 { EINVAL }
  override func next(after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer) -> Int32 { EINVAL }
}

private func queueTable(_ map: UnsafeMutablePointer<ebpf_map>) -> UnsafeMutablePointer<QueueTable> {
  map.pointee.table.unsafelyUnwrapped.assumingMemoryBound(to: QueueTable.self)
}

/// A ring of values, one place more than it may hold.
private struct QueueTable {
  let lock: UnsafeMutablePointer<UInt32>
  /// Where the next value goes, and the oldest.
  let ends: UnsafeMutablePointer<Int>
  let values: UnsafeMutableRawPointer
  let stride: Int
  let valueSize: Int
  let size: Int
  let isStack: Bool

  func push(_ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 {
    // BPF_EXIST makes room by dropping the oldest.
    if flags & UpdateFlags.noExist != 0 || flags > UpdateFlags.exist { return EINVAL }
    cebpf_lock(lock)
    defer { cebpf_unlock(lock) }
    let head = ends[0]
    let following = head + 1 == size ? 0 : head + 1
    if following == ends[1] {
      if flags == UpdateFlags.any { return E2BIG }
      ends[1] = ends[1] + 1 == size ? 0 : ends[1] + 1
    }
    cebpf_copy_in(values + head * stride, value, valueSize)
    ends[0] = following
    return 0
  }

  func take(_ value: UnsafeMutableRawPointer, isRemoved: Bool) -> Int32 {
    cebpf_lock(lock)
    defer { cebpf_unlock(lock) }
    let (head, tail) = (ends[0], ends[1])
    if head == tail {
      value.initializeMemory(as: UInt8.self, repeating: 0, count: valueSize)
      return ENOENT
    }
    if isStack {
      let last = head == 0 ? size - 1 : head - 1
      cebpf_copy_out(value, values + last * stride, valueSize)
      if isRemoved { ends[0] = last }
    } else {
      cebpf_copy_out(value, values + tail * stride, valueSize)
      if isRemoved { ends[1] = tail + 1 == size ? 0 : tail + 1 }
    }
    return 0
  }
}
