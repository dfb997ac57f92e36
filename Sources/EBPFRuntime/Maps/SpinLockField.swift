import CEBPF
import EBPFBTF
import EBPFObject
import EBPFTables

/// The `struct bpf_spin_lock` of a map's values: where it is, and copies that leave it alone (`copy_map_value` in `include/linux/bpf.h`).
enum SpinLockField {
  static let size = 4

  /// Bytes from a value's start to its lock; `nil` where it has none or the type of map takes none.
  static func offset(in spec: MapSpec, _ btf: BTF?) -> Int? {
    guard [.array, .hash, .lruHash].contains(spec.type), spec.valueTypeID != 0, let type = btf?.resolve(spec.valueTypeID),
      type.kind == .structure
    else { return nil }
    for member in type.members {
      guard let field = btf?.resolve(member.typeID), field.kind == .structure, field.name == "bpf_spin_lock" else { continue }
      let offset = member.bitOffset / 8
      return member.bitOffset % 32 == 0 && offset + size <= spec.valueSize ? offset : nil
    }
    return nil
  }

  /// Copies a value into a map, but for its lock.
  @inline(__always)
  static func copyIn(_ map: UnsafeMutablePointer<ebpf_map>, _ target: UnsafeMutableRawPointer, _ value: UnsafeRawPointer) {
    let count = Int(map.pointee.value_size)
    let end = Int(map.pointee.lock_end)
    if end == 0 { cebpf_copy_in(target, value, count) } else { copyAround(target, value, count, lockEnd: end) }
  }

  @inline(never)
  private static func copyAround(_ target: UnsafeMutableRawPointer, _ value: UnsafeRawPointer, _ count: Int, lockEnd: Int) {
    let lock = lockEnd - size
    cebpf_copy_in(target, value, lock)
    // The lock may take half of a word; the copies want whole ones.
    var start = lockEnd
    while start % 8 != 0, start < count {
      cebpf_store_relaxed8(UInt64(UInt(bitPattern: target + start)), value.load(fromByteOffset: start, as: UInt8.self))
      start += 1
    }
    if start < count { cebpf_copy_in(target + start, value + start, count - start) }
  }

  /// Copies a value into a map, but for its lock, which is held meanwhile (`copy_map_value_locked`).
  static func copyInLocked(_ map: UnsafeMutablePointer<ebpf_map>, _ target: UnsafeMutableRawPointer, _ value: UnsafeRawPointer) {
    let lock = lock(map, target)
    cebpf_lock(lock)
    copyIn(map, target, value)
    cebpf_unlock(lock)
  }

  /// Copies a value out of a map while its lock is held; the copy's lock is a free one.
  static func copyOutLocked(_ map: UnsafeMutablePointer<ebpf_map>, _ target: UnsafeMutableRawPointer, _ value: UnsafeMutableRawPointer) {
    let lock = lock(map, value)
    cebpf_lock(lock)
    cebpf_copy_out(target, value, Int(map.pointee.value_size))
    cebpf_unlock(lock)
    hide(map, target)
  }

  private static func lock(_ map: UnsafeMutablePointer<ebpf_map>, _ value: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt32> {
    (value + (Int(map.pointee.lock_end) - size)).assumingMemoryBound(to: UInt32.self)
  }

  /// Makes the lock of a new element a free one.
  static func initialize(_ map: UnsafeMutablePointer<ebpf_map>, _ value: UnsafeMutableRawPointer) {
    if map.pointee.lock_end != 0 { cebpf_store_relaxed32(UInt64(UInt(bitPattern: value)) + UInt64(map.pointee.lock_end) - UInt64(size), 0) }
  }

  /// Takes the lock out of a value that the host reads.
  static func hide(_ map: UnsafeMutablePointer<ebpf_map>, _ value: UnsafeMutableRawPointer) {
    let end = Int(map.pointee.lock_end)
    if end != 0 { (value + (end - size)).initializeMemory(as: UInt8.self, repeating: 0, count: size) }
  }
}
