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

/// `BPF_MAP_TYPE_HASH`, `_PERCPU_HASH`, `_LRU_HASH` and `_LRU_PERCPU_HASH` (`kernel/bpf/hashtab.c`): see ``HashTable``.
class HashMap: UserspaceMap, @unchecked Sendable {
  let table: UnsafeMutablePointer<HashTable>
  private let control: MapMemory
  private let elements: MapMemory
  private let values: MapMemory?

  /// More elements than a map may hold, for updates under way: each takes a new element before it gives the old one back.
  private static let spareElements = 128

  /// - Returns: `nil` where there is not enough memory.
  init?(spec: MapSpec, processors: Int) {
    let isLRU = spec.type == .lruHash || spec.type == .lruPercpuHash
    let isPerCPU = spec.type == .percpuHash || spec.type == .lruPercpuHash
    let isPreallocated = !spec.flags.contains(.noPreallocation)
    let listCount = isLRU ? spec.flags.contains(.noCommonLRU) ? processors : 1 : 0
    // A map of maps has the address of an inner map's header in place of a value.
    let valueSize = spec.type == .hashOfMaps ? 8 : spec.valueSize
    let valueOffset = Element.key + roundedToWord(spec.keySize)
    let elementSize = valueOffset + (isPerCPU ? 8 : roundedToWord(valueSize))
    // Elements that wait for programs to end take room beside those in the map.
    let capacity =
      isPreallocated ? spec.maxEntries + Self.spareElements : min(spec.maxEntries * 2 + 65536, max(1 << 40 / elementSize, 16))
    let bucketCount = spec.maxEntries <= 1 ? 1 : 1 << (Int.bitWidth - (spec.maxEntries - 1).leadingZeroBitCount)
    let lockCount = min(bucketCount, 1024)
    let processorStride = isPerCPU ? (roundedToWord(valueSize) * capacity + 127) & ~127 : 0
    let needed = capacity * elementSize + processorStride * processors + bucketCount * 8
    guard !isPreallocated || needed <= MapMemory.physical else { return nil }
    let controlSize = 128 + bucketCount * 8 + lockCount * 4 + 64 + listCount * LRUList.byteCount
    guard let control = MapMemory(byteCount: controlSize), let elements = MapMemory(byteCount: capacity * elementSize) else { return nil }
    var valueStart: UInt64 = 0
    if isPerCPU {
      guard let memory = MapMemory(byteCount: processorStride * processors) else { return nil }
      valueStart = UInt64(UInt(bitPattern: memory.start))
      values = memory
    } else {
      values = nil
    }
    self.control = control
    self.elements = elements
    let start = self.control.start
    let buckets = start + 128
    let locks = buckets + bucketCount * 8
    lists = locks + (lockCount * 4 + 63) / 64 * 64
    self.listCount = listCount
    table = .allocate(capacity: 1)
    table.initialize(
      to: HashTable(
        buckets: buckets.assumingMemoryBound(to: UInt64.self), mask: UInt64(bucketCount - 1),
        locks: locks.assumingMemoryBound(to: UInt32.self), lockMask: UInt64(lockCount - 1),
        seed: spec.flags.contains(.zeroSeed) ? 0 : UInt64.random(in: .min ... .max), keySize: spec.keySize, valueSize: valueSize,
        valueOffset: valueOffset, isPerCPU: isPerCPU, processorStride: processorStride, processors: isPerCPU ? processors : 1, isLRU: isLRU,
        maxEntries: spec.maxEntries, count: start.assumingMemoryBound(to: UInt64.self),
        pool: ElementPool(
          memory: self.elements.start, elementSize: elementSize, capacity: capacity, control: start + 64, values: valueStart,
          valueSize: roundedToWord(valueSize))))
    isPreallocatedMap = isPreallocated
    super.init(spec: spec, processorCount: processors)
    header.pointee.table = UnsafeMutableRawPointer(table)
    header.pointee.cpu_stride = UInt64(processorStride)
    setFunctions()
  }

  deinit { table.deallocate() }

  private let isPreallocatedMap: Bool
  private let lists: UnsafeMutableRawPointer
  private let listCount: Int

  /// The list of an LRU map by its number.
  private func list(_ number: Int) -> LRUList { LRUList(lists + number * LRUList.byteCount, number: number) }

  // MARK: The program's side

  private func setFunctions() {
    header.pointee.lookup =
      switch (spec.keySize, table.pointee.isLRU, table.pointee.isPerCPU) {
      case (4, false, false): { map, key, _ in found(map, hashTable(map).pointee.find(Key4.self, key)) }
      case (8, false, false): { map, key, _ in found(map, hashTable(map).pointee.find(Key8.self, key)) }
      case (16, false, false): { map, key, _ in found(map, hashTable(map).pointee.find(Key16.self, key)) }
      case (_, false, false): { map, key, _ in found(map, hashTable(map).pointee.find(KeyAny.self, key)) }
      case (_, false, true):
        { map, key, environment in
          let table = hashTable(map)
          let element = table.pointee.find(KeyAny.self, key)
          return element == 0 ? nil : table.pointee.value(of: element, on: Int(environment.pointee.cpu))
        }
      case (_, true, _):
        { map, key, environment in
          let table = hashTable(map)
          let element = table.pointee.find(KeyAny.self, key)
          if element == 0 { return nil }
          let mark = element &+ UInt64(Element.isReferenced)
          if cebpf_load_relaxed8(mark) == 0 { cebpf_store_relaxed8(mark, 1) }
          return table.pointee.value(of: element, on: Int(environment.pointee.cpu))
        }
      }
    header.pointee.lookup_on = { map, key, processor in
      guard processor < map.pointee.processors else { return nil }
      let table = hashTable(map)
      let element = table.pointee.find(KeyAny.self, key)
      return element == 0 ? nil : table.pointee.value(of: element, on: Int(processor))
    }
    header.pointee.update = { map, key, value, flags, environment in
      withOwner(map) { negated($0.put(key, value, flags, on: Int(environment.pointee.cpu))) }
    }
    header.pointee.remove = { map, key, _ in withOwner(map) { negated($0.erase(key)) } }
    header.pointee.for_each = { map, function, context, environment in
      let table = hashTable(map)
      var count: Int64 = 0
      for bucket in 0...table.pointee.mask {
        // As the kernel walks: without a lock, the next element taken down before the callback may delete this one.
        var element = table.pointee.first(in: bucket)
        while element != 0 {
          let next = table.pointee.following(element)
          count += 1
          let value = table.pointee.value(of: element, on: Int(environment.pointee.cpu))
          if callBack(environment, function, map, table.pointee.key(of: element), value, context) != 0 { return count }
          element = next
        }
      }
      return count
    }
  }

  // MARK: Changes

  /// Writes a value into an element: of the processor given, or of all as the host passes them.
  private func store(_ value: UnsafeRawPointer, _ element: UInt64, on processor: Int?, isNew: Bool) {
    guard table.pointee.isPerCPU else {
      let place = table.pointee.value(of: element, on: 0)
      // A value's own lock is a free one in a new element. What a map of maps holds is longer than its values are for the host.
      if header.pointee.lock_end == 0 {
        cebpf_copy_in(place, value, table.pointee.valueSize)
      } else {
        SpinLockField.copyIn(header, place, value)
        SpinLockField.initialize(header, place)
      }
      return
    }
    let stride = roundedToWord(table.pointee.valueSize)
    for index in 0..<table.pointee.processors {
      let place = table.pointee.value(of: element, on: index)
      if processor == nil {
        cebpf_copy_in(place, value + index * stride, stride)
      } else if processor == index {
        cebpf_copy_in(place, value, table.pointee.valueSize)
      } else if isNew {
        cebpf_zero(place, table.pointee.valueSize)
      }
    }
  }

  private func flagsError(_ old: UInt64, _ flags: UInt64) -> Int32 {
    let flags = flags & ~UpdateFlags.lock
    if old != 0, flags == UpdateFlags.noExist { return EEXIST }
    if old == 0, flags == UpdateFlags.exist { return ENOENT }
    return 0
  }

  /// Puts a value under a key.
  /// - Parameters:
  ///   - processor: whose value it is; `nil`: the host's, of all processors.
  ///   - replaced: receives the first word of the value that it took the place of.
  func put(
    _ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64, on processor: Int?, replaced: UnsafeMutablePointer<UInt64>? = nil
  ) -> Int32 {
    if flags & UpdateFlags.lock != 0 {
      // Maps that evict take no locked updates, with or without a lock in their values.
      guard header.pointee.lock_end != 0, !table.pointee.isLRU else { return EINVAL }
    }
    if flags & ~UpdateFlags.lock > UpdateFlags.exist { return EINVAL }
    let hash = KeyAny.hash(key, spec.keySize, table.pointee.seed)
    let bucket = table.pointee.bucket(of: hash)
    let list = listCount > 1 ? (processor ?? Int(cebpf_current_processor())) % listCount : 0
    // What an LRU map makes room for before it holds the bucket's lock, as the element to evict may be in the same bucket.
    var hasRoom = false
    table.pointee.lock(bucket)
    while true {
      let old = table.pointee.findLocked(bucket, hash, key)
      let error = flagsError(old, flags)
      if error != 0 {
        table.pointee.unlock(bucket)
        if hasRoom { countDown() }
        return error
      }
      if old != 0, flags & UpdateFlags.lock != 0 {
        // In place, so that whoever holds the element's lock sees the old value or the new one.
        SpinLockField.copyInLocked(header, table.pointee.value(of: old, on: 0), value)
        table.pointee.unlock(bucket)
        if hasRoom { countDown() }
        return 0
      }
      if old != 0, table.pointee.isPerCPU {
        store(value, old, on: processor, isNew: false)
        table.pointee.unlock(bucket)
        if hasRoom { countDown() }
        return 0
      }
      if old == 0, !hasRoom {
        if table.pointee.isLRU {
          table.pointee.unlock(bucket)
          makeRoom(list)
          hasRoom = true
          table.pointee.lock(bucket)
          continue
        }
        guard countUp() else {
          table.pointee.unlock(bucket)
          return E2BIG
        }
        hasRoom = true
      }
      let element = takeElement()
      if element == 0 {
        table.pointee.unlock(bucket)
        if hasRoom { countDown() }
        return ENOMEM
      }
      cebpf_store_relaxed32(element &+ UInt64(Element.hash), hash)
      cebpf_store_relaxed8(element &+ UInt64(Element.isReferenced), old != 0 ? 1 : 0)
      cebpf_copy_in(table.pointee.key(of: element), key, spec.keySize)
      store(value, element, on: processor, isNew: true)
      if old != 0 { replaced?.pointee = cebpf_load_relaxed64(old &+ UInt64(table.pointee.valueOffset)) }
      // Whoever finds it in the bucket may delete it, and must find it in the list then.
      if listCount > 0 { self.list(list).push(element) }
      table.pointee.link(element, into: bucket)
      if old != 0 { table.pointee.unlink(old, from: bucket) }
      table.pointee.unlock(bucket)
      if old != 0 {
        free(old)
        if hasRoom { countDown() }
      }
      return 0
    }
  }

  /// A free element. Where the spare ones of a preallocating map are all with other threads, one comes back in a moment.
  private func takeElement() -> UInt64 {
    while true {
      let element = table.pointee.pool.take()
      if element != 0 || !isPreallocatedMap { return element }
      sched_yield()
    }
  }

  /// Gives back an element that was unlinked.
  private func free(_ element: UInt64) {
    if listCount > 0 { list(LRUList.number(of: element)).remove(element) }
    if isPreallocatedMap { table.pointee.pool.give(element) } else { table.pointee.pool.giveLater(element) }
  }

  private var counter: UInt64 { UInt64(UInt(bitPattern: table.pointee.count)) }

  private func countUp() -> Bool {
    if cebpf_atomic_add64(counter, 1) < UInt64(spec.maxEntries) { return true }
    countDown()
    return false
  }

  private func countDown() { _ = cebpf_atomic_add64(counter, .max) }

  /// Counts one up in an LRU map, evicting what must go for it.
  private func makeRoom(_ number: Int) {
    let share = UInt64(spec.maxEntries / max(1, listCount))
    while listCount > 1 && list(number).count >= share || !countUp() {
      // Another processor's share may have to do where this one's is empty.
      if evict(from: number) { continue }
      var found = false
      for other in 0..<listCount where other != number && !found { found = evict(from: other) }
      if !found { sched_yield() }
    }
  }

  /// - Returns: whether there was something to evict.
  private func evict(from number: Int) -> Bool {
    let element = list(number).candidate()
    if element == 0 { return false }
    let bucket = table.pointee.bucket(of: cebpf_load_relaxed32(element &+ UInt64(Element.hash)))
    table.pointee.lock(bucket)
    // Another thread may have deleted it, and it may be anywhere by now.
    var node = table.pointee.first(in: bucket)
    while node != 0, node != element { node = table.pointee.following(node) }
    if node != 0 { table.pointee.unlink(element, from: bucket) }
    table.pointee.unlock(bucket)
    if node != 0 {
      free(element)
      countDown()
    }
    return true
  }

  // MARK: The host's side

  override func read(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 {
    withElement(key) { element, _ in
      copy(element, to: value)
      return false
    }
  }

  override func readLocked(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 {
    withElement(key) { element, _ in
      SpinLockField.copyOutLocked(header, value, table.pointee.value(of: element, on: 0))
      return false
    }
  }

  override func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 { put(key, value, flags, on: nil) }

  override func erase(_ key: UnsafeRawPointer) -> Int32 { withElement(key) { _, _ in true } }

  override func take(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 {
    withElement(key) { element, _ in
      copy(element, to: value)
      return true
    }
  }

  /// Gives the element with a key to `body`, under its bucket's lock, and deletes it where `body` says so.
  /// - Returns: `ENOENT` where there is none.
  func withElement(_ key: UnsafeRawPointer, _ body: (UInt64, UInt64) -> Bool) -> Int32 {
    let hash = KeyAny.hash(key, spec.keySize, table.pointee.seed)
    let bucket = table.pointee.bucket(of: hash)
    table.pointee.lock(bucket)
    let element = table.pointee.findLocked(bucket, hash, key)
    let isDeleted = element != 0 && body(element, bucket)
    if isDeleted { table.pointee.unlink(element, from: bucket) }
    table.pointee.unlock(bucket)
    if isDeleted {
      free(element)
      countDown()
    }
    return element == 0 ? ENOENT : 0
  }

  private func copy(_ element: UInt64, to value: UnsafeMutableRawPointer) {
    guard table.pointee.isPerCPU else {
      cebpf_copy_out(value, table.pointee.value(of: element, on: 0), table.pointee.valueSize)
      SpinLockField.hide(header, value)
      return
    }
    let stride = roundedToWord(table.pointee.valueSize)
    for index in 0..<table.pointee.processors {
      cebpf_copy_out(value + index * stride, table.pointee.value(of: element, on: index), stride)
    }
  }

  /// The key after a key in the order of buckets, the first where the key is gone (`htab_map_get_next_key`).
  override func next(after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer) -> Int32 {
    var start: UInt64 = 0
    if let key {
      let hash = KeyAny.hash(key, spec.keySize, table.pointee.seed)
      let bucket = table.pointee.bucket(of: hash)
      table.pointee.lock(bucket)
      let element = table.pointee.findLocked(bucket, hash, key)
      let following = element == 0 ? 0 : table.pointee.following(element)
      if following != 0 { cebpf_copy_out(next, table.pointee.key(of: following), spec.keySize) }
      table.pointee.unlock(bucket)
      if following != 0 { return 0 }
      if element != 0 { start = bucket + 1 }
    }
    while start <= table.pointee.mask {
      if !table.pointee.isEmpty(start) {
        table.pointee.lock(start)
        let element = table.pointee.first(in: start)
        if element != 0 { cebpf_copy_out(next, table.pointee.key(of: element), spec.keySize) }
        table.pointee.unlock(start)
        if element != 0 { return 0 }
      }
      start += 1
    }
    return ENOENT
  }
}

/// The table of a hash map's header.
@inline(__always)
func hashTable(_ map: UnsafeMutablePointer<ebpf_map>) -> UnsafeMutablePointer<HashTable> {
  map.pointee.table.unsafelyUnwrapped.assumingMemoryBound(to: HashTable.self)
}

/// What a lookup of a map whose processors share their values answers.
@inline(__always)
private func found(_ map: UnsafeMutablePointer<ebpf_map>, _ element: UInt64) -> UnsafeMutableRawPointer? {
  element == 0 ? nil : pointer(element) + hashTable(map).pointee.valueOffset
}

/// Hands the object of a hash map's header to `body`, without counting references: whoever runs the program keeps it alive.
@inline(__always)
private func withOwner(_ map: UnsafeMutablePointer<ebpf_map>, _ body: (HashMap) -> Int64) -> Int64 {
  Unmanaged<HashMap>.fromOpaque(map.pointee.owner.unsafelyUnwrapped)._withUnsafeGuaranteedRef(body)
}
