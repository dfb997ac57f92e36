import CEBPF
import EBPFObject

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `BPF_MAP_TYPE_LPM_TRIE` (`kernel/bpf/lpm_trie.c`): of the prefixes that are in it, the longest that a key begins with.
///
/// A key is a 32-bit length in bits, in the machine's order, and the bytes that it counts from. Every node of the trie is a prefix; where two
/// part without one of them being the other's beginning, an intermediate node without a value stands for what they share. Lookups walk without
/// a lock; changes hold the trie's lock and replace nodes whole, and those taken out wait for the programs that may stand on them.
final class LPMTrie: UserspaceMap, @unchecked Sendable {
  private let control: MapMemory
  private let nodes: MapMemory
  private let trie: UnsafeMutablePointer<Trie>

  /// - Returns: `nil` where there is not enough memory.
  init?(spec: MapSpec) {
    let dataSize = spec.keySize - 4
    let valueOffset = Node.data + roundedToWord(dataSize)
    let nodeSize = valueOffset + roundedToWord(spec.valueSize)
    // Each prefix may bring an intermediate node; as many again may wait for programs to end.
    let capacity = min(spec.maxEntries * 4 + 65536, max(1 << 40 / nodeSize, 16))
    guard let control = MapMemory(byteCount: 192), let nodes = MapMemory(byteCount: capacity * nodeSize) else { return nil }
    self.control = control
    self.nodes = nodes
    trie = .allocate(capacity: 1)
    trie.initialize(
      to: Trie(
        root: UInt64(UInt(bitPattern: control.start)), lock: (control.start + 8).assumingMemoryBound(to: UInt32.self),
        count: (control.start + 16).assumingMemoryBound(to: Int.self), dataSize: dataSize, valueOffset: valueOffset,
        valueSize: spec.valueSize, maxEntries: spec.maxEntries,
        pool: ElementPool(memory: nodes.start, elementSize: nodeSize, capacity: capacity, control: control.start + 64)))
    super.init(spec: spec, processorCount: 1)
    header.pointee.table = UnsafeMutableRawPointer(trie)
    setFunctions()
  }

  deinit { trie.deallocate() }

  private func setFunctions() {
    header.pointee.lookup = { map, key, _ in
      let trie = trieTable(map)
      let node = trie.pointee.find(key)
      return node == 0 ? nil : pointer(node) + trie.pointee.valueOffset
    }
    header.pointee.update = { map, key, value, flags, _ in negated(trieTable(map).pointee.put(key, value, flags)) }
    header.pointee.remove = { map, key, _ in negated(trieTable(map).pointee.remove(key)) }
  }

  override func read(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 {
    trie.pointee.withLock {
      let node = trie.pointee.find(key)
      if node == 0 { return ENOENT }
      cebpf_copy_out(value, pointer(node) + trie.pointee.valueOffset, spec.valueSize)
      return 0
    }
  }

  override func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 { trie.pointee.put(key, value, flags) }

  override func erase(_ key: UnsafeRawPointer) -> Int32 { trie.pointee.remove(key) }

  override func next(after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer) -> Int32 {
    trie.pointee.withLock {
      let node = trie.pointee.next(after: key)
      if node == 0 { return ENOENT }
      next.storeBytes(of: trie.pointee.length(node), as: UInt32.self)
      cebpf_copy_out(next + 4, pointer(node) + Node.data, trie.pointee.dataSize)
      return 0
    }
  }
}

private func trieTable(_ map: UnsafeMutablePointer<ebpf_map>) -> UnsafeMutablePointer<Trie> {
  map.pointee.table.unsafelyUnwrapped.assumingMemoryBound(to: Trie.self)
}

/// The layout of a node, in bytes from its start; free nodes are ``ElementPool``'s.
private enum Node {
  /// The child whose next bit is 0; 8 bytes.
  static let zero = 0
  /// The child whose next bit is 1; 8 bytes.
  static let one = 24
  /// The prefix's length in bits; 4 bytes.
  static let length = 32
  /// 1 where the node has no value; 4 bytes.
  static let isIntermediate = 36
  static let data = 40
}

/// A trie's plain part.
private struct Trie {
  /// Where the root's address is.
  let root: UInt64
  let lock: UnsafeMutablePointer<UInt32>
  /// Prefixes that are in it.
  let count: UnsafeMutablePointer<Int>
  let dataSize: Int
  let valueOffset: Int
  let valueSize: Int
  let maxEntries: Int
  let pool: ElementPool

  var longest: UInt32 { UInt32(dataSize * 8) }

  func withLock(_ body: () -> Int32) -> Int32 {
    cebpf_lock(lock)
    defer { cebpf_unlock(lock) }
    return body()
  }

  // MARK: Nodes

  @inline(__always)
  func length(_ node: UInt64) -> UInt32 { cebpf_load_relaxed32(node &+ UInt64(Node.length)) }
  @inline(__always)
  private func isIntermediate(_ node: UInt64) -> Bool { cebpf_load_relaxed32(node &+ UInt64(Node.isIntermediate)) != 0 }
  /// Where a child's address is.
  @inline(__always)
  private func slot(_ node: UInt64, _ bit: Int) -> UInt64 { node &+ UInt64(bit == 0 ? Node.zero : Node.one) }
  @inline(__always)
  private func child(_ node: UInt64, _ bit: Int) -> UInt64 { cebpf_load_acquire64(slot(node, bit)) }

  /// A bit of a prefix, counted from the first byte's highest.
  @inline(__always)
  private func bit(_ data: UnsafeRawPointer, _ index: UInt32) -> Int {
    Int(cebpf_load_relaxed8(UInt64(UInt(bitPattern: data)) &+ UInt64(index / 8))) >> (7 - Int(index % 8)) & 1
  }

  /// How many bits a node's prefix and a key share, at most the length of either.
  @inline(__always)
  private func sharedLength(_ node: UInt64, _ key: UnsafeRawPointer) -> UInt32 {
    let limit = min(length(node), key.loadUnaligned(as: UInt32.self))
    let data = key + 4
    let other = node &+ UInt64(Node.data)
    var shared: UInt32 = 0
    var index = 0
    while dataSize &- index >= 8 {
      let difference = (cebpf_load_relaxed64(other &+ UInt64(index)) ^ data.loadUnaligned(fromByteOffset: index, as: UInt64.self)).bigEndian
      shared &+= UInt32(truncatingIfNeeded: difference.leadingZeroBitCount)
      if shared >= limit { return limit }
      if difference != 0 { return shared }
      index &+= 8
    }
    if dataSize &- index >= 4 {
      let difference = (cebpf_load_relaxed32(other &+ UInt64(index)) ^ data.loadUnaligned(fromByteOffset: index, as: UInt32.self)).bigEndian
      shared &+= UInt32(truncatingIfNeeded: difference.leadingZeroBitCount)
      if shared >= limit { return limit }
      if difference != 0 { return shared }
      index &+= 4
    }
    while index < dataSize {
      let difference = cebpf_load_relaxed8(other &+ UInt64(index)) ^ data.load(fromByteOffset: index, as: UInt8.self)
      shared &+= UInt32(truncatingIfNeeded: difference.leadingZeroBitCount)
      if shared >= limit { return limit }
      if difference != 0 { return shared }
      index &+= 1
    }
    return min(shared, limit)
  }

  // MARK: Lookup

  /// The node with the longest prefix that a key begins with, or 0.
  @inline(__always)
  func find(_ key: UnsafeRawPointer) -> UInt64 {
    if key.loadUnaligned(as: UInt32.self) > longest { return 0 }
    var found: UInt64 = 0
    var node = cebpf_load_acquire64(root)
    while node != 0 {
      let shared = sharedLength(node, key)
      if shared == longest { return node }
      let length = length(node)
      if shared < length { break }
      if !isIntermediate(node) { found = node }
      node = child(node, bit(key + 4, length))
    }
    return found
  }

  // MARK: Changes

  private func makeNode(_ length: UInt32, _ data: UnsafeRawPointer, _ value: UnsafeRawPointer?) -> UInt64 {
    let node = pool.take()
    if node == 0 { return 0 }
    cebpf_store_relaxed64(node &+ UInt64(Node.zero), 0)
    cebpf_store_relaxed64(node &+ UInt64(Node.one), 0)
    cebpf_store_relaxed32(node &+ UInt64(Node.length), length)
    cebpf_store_relaxed32(node &+ UInt64(Node.isIntermediate), value == nil ? 1 : 0)
    cebpf_copy_in(pointer(node) + Node.data, data, dataSize)
    if let value { cebpf_copy_in(pointer(node) + valueOffset, value, valueSize) }
    return node
  }

  /// Replaces what a slot holds; sequentially consistent, see ``ProcessorSlots``.
  private func set(_ slot: UInt64, _ node: UInt64) { _ = cebpf_atomic_exchange64(slot, node) }

  /// Whether one more prefix may come in; counts it.
  private func admit(_ flags: UInt64) -> Int32 {
    if flags == UpdateFlags.exist { return ENOENT }
    if count.pointee == maxEntries { return ENOSPC }
    count.pointee += 1
    return 0
  }

  func put(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 {
    let keyLength = key.loadUnaligned(as: UInt32.self)
    if flags > UpdateFlags.exist || keyLength > longest { return EINVAL }
    return withLock {
      let new = makeNode(keyLength, key + 4, value)
      if new == 0 { return ENOMEM }
      let error = attach(new, key, keyLength, flags)
      if error != 0 { pool.give(new) }
      return error
    }
  }

  private func attach(_ new: UInt64, _ key: UnsafeRawPointer, _ keyLength: UInt32, _ flags: UInt64) -> Int32 {
    // Down from the root, as long as a node's whole prefix is the key's beginning.
    var slot = root
    var node = cebpf_load_relaxed64(slot)
    var shared: UInt32 = 0
    while node != 0 {
      shared = sharedLength(node, key)
      let length = length(node)
      if length != shared || length == keyLength || length == longest { break }
      slot = self.slot(node, bit(key + 4, length))
      node = cebpf_load_relaxed64(slot)
    }
    if node == 0 {
      let error = admit(flags)
      if error == 0 { set(slot, new) }
      return error
    }
    if length(node) == shared {
      // The same prefix: the new node takes its place.
      if isIntermediate(node) {
        let error = admit(flags)
        if error != 0 { return error }
      } else if flags == UpdateFlags.noExist {
        return EEXIST
      }
      cebpf_store_relaxed64(new &+ UInt64(Node.zero), child(node, 0))
      cebpf_store_relaxed64(new &+ UInt64(Node.one), child(node, 1))
      set(slot, new)
      pool.giveLater(node)
      return 0
    }
    let error = admit(flags)
    if error != 0 { return error }
    if shared == keyLength {
      // The key is the beginning of the node's prefix.
      cebpf_store_relaxed64(self.slot(new, bit(pointer(node) + Node.data, shared)), node)
      set(slot, new)
      return 0
    }
    let intermediate = makeNode(shared, pointer(node) + Node.data, nil)
    if intermediate == 0 {
      count.pointee -= 1
      return ENOMEM
    }
    let side = bit(key + 4, shared)
    cebpf_store_relaxed64(self.slot(intermediate, side), new)
    cebpf_store_relaxed64(self.slot(intermediate, 1 - side), node)
    set(slot, intermediate)
    return 0
  }

  func remove(_ key: UnsafeRawPointer) -> Int32 {
    let keyLength = key.loadUnaligned(as: UInt32.self)
    if keyLength > longest { return EINVAL }
    return withLock {
      var slot = root
      var parentSlot = root
      var parent: UInt64 = 0
      var node = cebpf_load_relaxed64(slot)
      var shared: UInt32 = 0
      while node != 0 {
        shared = sharedLength(node, key)
        let length = length(node)
        if length != shared || length == keyLength { break }
        parent = node
        parentSlot = slot
        slot = self.slot(node, bit(key + 4, length))
        node = cebpf_load_relaxed64(slot)
      }
      if node == 0 || length(node) != keyLength || length(node) != shared || isIntermediate(node) { return ENOENT }
      count.pointee -= 1
      let (zero, one) = (child(node, 0), child(node, 1))
      if zero != 0, one != 0 {
        cebpf_store_relaxed32(node &+ UInt64(Node.isIntermediate), 1)
        return 0
      }
      if parent != 0, isIntermediate(parent), zero == 0, one == 0 {
        // An intermediate node has two children or is none: the other child takes its place.
        set(parentSlot, child(parent, child(parent, 0) == node ? 1 : 0))
        pool.giveLater(parent)
      } else {
        set(slot, zero != 0 ? zero : one)
      }
      pool.giveLater(node)
      return 0
    }
  }

  // MARK: Walk

  /// The node after a key's in post-order (longer prefixes before those that they begin with), the first where the key is not in the trie.
  /// Under the lock.
  func next(after key: UnsafeRawPointer?) -> UInt64 {
    let top = cebpf_load_relaxed64(root)
    if top == 0 { return 0 }
    guard let key, key.loadUnaligned(as: UInt32.self) <= longest else { return leftmost(top) }
    let keyLength = key.loadUnaligned(as: UInt32.self)
    var path: [UInt64] = []
    var node = top
    var shared: UInt32 = 0
    while node != 0 {
      path.append(node)
      shared = sharedLength(node, key)
      let length = length(node)
      if length != shared || length == keyLength { break }
      node = child(node, bit(key + 4, length))
    }
    if node == 0 || length(node) != shared || isIntermediate(node) { return leftmost(top) }
    while path.count > 1 {
      let current = path.removeLast()
      let parent = path[path.count - 1]
      if child(parent, 0) == current {
        let other = child(parent, 1)
        if other != 0 { return leftmost(other) }
      }
      if !isIntermediate(parent) { return parent }
    }
    return 0
  }

  private func leftmost(_ start: UInt64) -> UInt64 {
    var node = start
    var found: UInt64 = 0
    while node != 0 {
      if !isIntermediate(node) { found = node }
      let zero = child(node, 0)
      node = zero != 0 || isIntermediate(node) ? zero : child(node, 1)
    }
    return found
  }
}
