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

/// `BPF_MAP_TYPE_ARRAY` and `BPF_MAP_TYPE_PERCPU_ARRAY` (`kernel/bpf/arraymap.c`), which are also what global data lies in.
///
/// Elements are always there and never move; a per-CPU array has them once for each processor, far apart, so that processors share no cache
/// line. Every operation is without locks: programs and the host write values word by word.
final class ArrayMap: UserspaceMap, @unchecked Sendable {
  private let memory: MapMemory
  private let stride: Int
  /// Bytes from a processor's elements to the next one's.
  private let processorStride: Int

  /// - Returns: `nil` where there is not enough memory.
  init?(spec: MapSpec, processors: Int) {
    let isPerCPU = spec.type == .percpuArray
    let stride = roundedToWord(spec.valueSize)
    let (bytes, overflow) = stride.multipliedReportingOverflow(by: spec.maxEntries)
    guard !overflow, bytes <= Int.max / 2 / processors else { return nil }
    let processorStride = isPerCPU ? (bytes + 127) & ~127 : 0
    let total = isPerCPU ? processorStride * processors : bytes
    guard total <= MapMemory.physical, let memory = MapMemory(byteCount: total) else { return nil }
    self.memory = memory
    self.stride = stride
    self.processorStride = processorStride
    super.init(spec: spec, processorCount: processors)
    header.pointee.values = self.memory.start
    header.pointee.value_stride = UInt32(stride)
    header.pointee.cpu_stride = UInt64(processorStride)
    setFunctions()
  }

  private func setFunctions() {
    if spec.type == .percpuArray {
      header.pointee.lookup = { map, key, environment in
        let index = key.loadUnaligned(as: UInt32.self)
        guard index < map.pointee.max_entries else { return nil }
        return map.pointee.values.unsafelyUnwrapped + Int(index) &* Int(map.pointee.value_stride)
          + Int(environment.pointee.cpu) &* Int(map.pointee.cpu_stride)
      }
      header.pointee.lookup_on = { map, key, processor in
        let index = key.loadUnaligned(as: UInt32.self)
        guard index < map.pointee.max_entries, processor < map.pointee.processors else { return nil }
        return map.pointee.values.unsafelyUnwrapped + Int(index) &* Int(map.pointee.value_stride)
          + Int(processor) &* Int(map.pointee.cpu_stride)
      }
    } else {
      header.pointee.lookup = { map, key, _ in
        let index = key.loadUnaligned(as: UInt32.self)
        guard index < map.pointee.max_entries else { return nil }
        return map.pointee.values.unsafelyUnwrapped + Int(index) &* Int(map.pointee.value_stride)
      }
    }
    header.pointee.update = { map, key, value, flags, environment in
      let index = key.loadUnaligned(as: UInt32.self)
      let error = ArrayMap.updateError(index, flags, of: map)
      if error != 0 { return negated(error) }
      let target =
        map.pointee.values.unsafelyUnwrapped + Int(index) &* Int(map.pointee.value_stride)
        + Int(environment.pointee.cpu) &* Int(map.pointee.cpu_stride)
      if flags & UpdateFlags.lock == 0 { SpinLockField.copyIn(map, target, value) } else { SpinLockField.copyInLocked(map, target, value) }
      return 0
    }
    header.pointee.remove = { _, _, _ in negated(EINVAL) }
    header.pointee.for_each = { map, function, context, environment in
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 1) { key in
        let key = UnsafeMutableRawPointer(key.baseAddress.unsafelyUnwrapped)
        var count: Int64 = 0
        for index in 0..<map.pointee.max_entries {
          key.storeBytes(of: index, as: UInt32.self)
          guard let value = map.pointee.lookup(map, key, environment) else { break }
          count += 1
          if callBack(environment, function, map, key, value, context) != 0 { break }
        }
        return count
      }
    }
  }

  private static func updateError(_ index: UInt32, _ flags: UInt64, of map: UnsafeMutablePointer<ebpf_map>) -> Int32 {
    if flags & ~UpdateFlags.lock > UpdateFlags.exist { return EINVAL }
    if index >= map.pointee.max_entries { return E2BIG }
    if flags & UpdateFlags.noExist != 0 { return EEXIST }
    return flags & UpdateFlags.lock != 0 && map.pointee.lock_end == 0 ? EINVAL : 0
  }

  override var directValues: (address: UInt64, byteCount: UInt64)? {
    spec.type == .array ? (UInt64(UInt(bitPattern: memory.start)), UInt64(stride * spec.maxEntries)) : nil
  }

  /// The values of one element, one for each processor.
  private func value(_ index: UInt32, _ processor: Int) -> UnsafeMutableRawPointer {
    memory.start + Int(index) * stride + processor * processorStride
  }

  override func read(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 {
    let index = key.loadUnaligned(as: UInt32.self)
    guard Int(index) < spec.maxEntries else { return ENOENT }
    if spec.type == .percpuArray {
      for processor in 0..<processorCount { cebpf_copy_out(value + processor * stride, self.value(index, processor), stride) }
    } else {
      cebpf_copy_out(value, self.value(index, 0), spec.valueSize)
      SpinLockField.hide(header, value)
    }
    return 0
  }

  override func readLocked(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 {
    let index = key.loadUnaligned(as: UInt32.self)
    guard Int(index) < spec.maxEntries else { return ENOENT }
    SpinLockField.copyOutLocked(header, value, self.value(index, 0))
    return 0
  }

  override func findNonzero(_ body: (Int) -> Void) {
    let start = UInt64(UInt(bitPattern: memory.start))
    let runs = spec.type == .percpuArray ? processorCount : 1
    let words = UInt64(stride)
    for index in 0..<spec.maxEntries {
      let offset = UInt64(index) &* words
      element: for processor in 0..<runs {
        let first = start &+ offset &+ UInt64(processor &* processorStride)
        var word = first
        while word < first &+ words {
          if cebpf_load_relaxed64(word) != 0 {
            body(index)
            break element
          }
          word &+= 8
        }
      }
    }
  }

  override func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 {
    let index = key.loadUnaligned(as: UInt32.self)
    let error = Self.updateError(index, flags, of: header)
    if error != 0 { return error }
    if spec.type == .percpuArray {
      // Of each processor's value whole words, as the kernel copies them.
      for processor in 0..<processorCount { cebpf_copy_in(self.value(index, processor), value + processor * stride, stride) }
    } else if flags & UpdateFlags.lock == 0 {
      SpinLockField.copyIn(header, self.value(index, 0), value)
    } else {
      SpinLockField.copyInLocked(header, self.value(index, 0), value)
    }
    return 0
  }

  override func erase(_ key: UnsafeRawPointer) -> Int32 { EINVAL }

  override func next(after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer) -> Int32 {
    nextIndex(after: key, count: spec.maxEntries, into: next)
  }
}

/// The index after an index, as every kind of array answers (`array_map_get_next_key`).
func nextIndex(after key: UnsafeRawPointer?, count: Int, into next: UnsafeMutableRawPointer) -> Int32 {
  let index = key.map { Int($0.loadUnaligned(as: UInt32.self)) } ?? .max
  if index == count - 1 { return ENOENT }
  next.storeBytes(of: index >= count ? 0 : UInt32(index + 1), as: UInt32.self)
  return 0
}

/// The flags of an update (`BPF_ANY`, `BPF_NOEXIST`, `BPF_EXIST`), and `BPF_F_LOCK`, which goes with each.
enum UpdateFlags {
  static let any: UInt64 = 0
  static let noExist: UInt64 = 1
  static let exist: UInt64 = 2
  static let lock: UInt64 = 4
}

/// Calls a program's callback for an element: `long callback(map, key, value, context)`.
func callBack(
  _ environment: UnsafeMutablePointer<ebpf_environment>, _ function: UInt64, _ map: UnsafeMutablePointer<ebpf_map>,
  _ key: UnsafeMutableRawPointer, _ value: UnsafeMutableRawPointer, _ context: UInt64
) -> UInt64 {
  if let checked = CheckedInterpreter.of(environment) {
    checked.borrowForCallback(key: key, map, value: value)
  }
  guard let call = environment.pointee.call, runState(environment).pointee.stopped == .none else { return 1 }
  let result = call(
    environment, function, UInt64(UInt(bitPattern: map)), UInt64(UInt(bitPattern: key)), UInt64(UInt(bitPattern: value)), context, 0)
  return runState(environment).pointee.stopped == .none ? result : 1
}
