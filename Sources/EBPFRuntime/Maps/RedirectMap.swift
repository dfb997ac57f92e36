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

/// `BPF_MAP_TYPE_DEVMAP`, `_CPUMAP` and `_XSKMAP`: where `bpf_redirect_map` sends XDP packets, by index (`kernel/bpf/devmap.c`,
/// `kernel/bpf/cpumap.c`, `net/xdp/xskmap.c`).
///
/// Behind the entries there are no devices, processors or sockets here: an entry is a number that is there or is not, which is enough for
/// programs to decide as they would, and the hook says where a packet would have gone. Every interface number and every socket descriptor
/// counts as one that exists.
final class RedirectMap: UserspaceMap, @unchecked Sendable {
  private let memory: MapMemory
  private let processors: Int
  private let writers = Locked(())

  /// An entry: whether it is there, and the value, each in a word.
  private static let entrySize = 16
  fileprivate static let valueOffset = 8

  /// - Returns: `nil` where there is not enough memory.
  init?(spec: MapSpec, processors: Int) {
    guard let memory = MapMemory(byteCount: spec.maxEntries * Self.entrySize) else { return nil }
    self.memory = memory
    self.processors = processors
    super.init(spec: spec, processorCount: 1)
    header.pointee.values = memory.start
    header.pointee.value_stride = UInt32(Self.entrySize)
    header.pointee.lookup = { map, key, _ in
      let index = key.loadUnaligned(as: UInt32.self)
      guard index < map.pointee.max_entries else { return nil }
      let entry = map.pointee.values.unsafelyUnwrapped + Int(index) &* Int(map.pointee.value_stride)
      return cebpf_load_acquire64(UInt64(UInt(bitPattern: entry))) == 0 ? nil : entry + RedirectMap.valueOffset
    }
  }

  private func entry(_ index: UInt32) -> UInt64 { UInt64(UInt(bitPattern: memory.start + Int(index) * Self.entrySize)) }

  override func read(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 {
    if spec.type == .xskmap { return EOPNOTSUPP }
    let index = key.loadUnaligned(as: UInt32.self)
    guard index < spec.maxEntries, cebpf_load_acquire64(entry(index)) != 0 else { return ENOENT }
    let word = cebpf_load_relaxed64(entry(index) + UInt64(Self.valueOffset))
    withUnsafeBytes(of: word.littleEndian) { value.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: spec.valueSize) }
    return 0
  }

  override func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 {
    let index = key.loadUnaligned(as: UInt32.self)
    var word: UInt64 = 0
    withUnsafeMutableBytes(of: &word) { $0.copyMemory(from: UnsafeRawBufferPointer(start: value, count: spec.valueSize)) }
    word = UInt64(littleEndian: word)
    if flags > UpdateFlags.exist { return EINVAL }
    if index >= spec.maxEntries { return E2BIG }
    return writers.withLock { _ in
      let isThere = cebpf_load_acquire64(entry(index)) != 0
      switch spec.type {
      case .xskmap:
        if isThere, flags == UpdateFlags.noExist { return EEXIST }
        if !isThere, flags == UpdateFlags.exist { return ENOENT }
      case .cpumap:
        if flags == UpdateFlags.noExist { return EEXIST }
        // The length of the processor's queue; a program for it is given by descriptor, of which there are none.
        if UInt32(truncatingIfNeeded: word) > 16384 { return EOVERFLOW }
        if index >= processors { return ENODEV }
        if Int32(truncatingIfNeeded: word >> 32) > 0 { return EINVAL }
      default:
        if flags == UpdateFlags.noExist { return EEXIST }
        if Int32(truncatingIfNeeded: word >> 32) > 0 { return EINVAL }
      }
      // An interface 0 or a queue without room is no entry.
      let remains = spec.type == .xskmap || UInt32(truncatingIfNeeded: word) != 0
      if remains { cebpf_store_relaxed64(entry(index) + UInt64(Self.valueOffset), word & (spec.valueSize == 8 ? 0xffff_ffff : .max)) }
      cebpf_store_release64(entry(index), remains ? 1 : 0)
      return 0
    }
  }

  override func erase(_ key: UnsafeRawPointer) -> Int32 {
    let index = key.loadUnaligned(as: UInt32.self)
    if index >= spec.maxEntries { return EINVAL }
    writers.withLock { _ in cebpf_store_release64(entry(index), 0) }
    return 0
  }

  override func next(after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer) -> Int32 {
    nextIndex(after: key, count: spec.maxEntries, into: next)
  }
}

/// `BPF_MAP_TYPE_DEVMAP_HASH`: interfaces under numbers of the author's choice.
final class DeviceHashMap: HashMap, @unchecked Sendable {
  override func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 {
    let interface = value.loadUnaligned(as: UInt32.self)
    if flags > UpdateFlags.exist || interface == 0 { return EINVAL }
    if spec.valueSize == 8, value.loadUnaligned(fromByteOffset: 4, as: Int32.self) > 0 { return EINVAL }
    // An element that must be there is put in all the same, as in the kernel.
    return super.write(key, value, flags & UpdateFlags.noExist)
  }
}
