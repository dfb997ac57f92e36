import CEBPF

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The table behind every hash map: a plain struct at a fixed address, so that a lookup touches no reference count.
///
/// Buckets are chains of elements that lookups walk without a lock; updates and deletions hold the lock of the bucket. A chain ends with its
/// bucket's number and not with nothing (`hlist_nulls`): an element that was taken out and put into another chain while a lookup stood on it
/// leads the lookup to that chain's end, where it sees that it strayed and begins again. So elements of maps that preallocate are used again
/// at once, as in the kernel, and a program's old pointer to a value leads to another value of the same map, never out of it. Elements of
/// maps that do not preallocate wait for the programs that may see them (see ``ProcessorSlots``).
///
/// An update of a key that is there makes a new element and takes the old one out, so that a lookup finds all of either value, and a pointer
/// from before keeps the old value for a while; values of per-CPU maps are changed in place. Source: `kernel/bpf/hashtab.c`.
struct HashTable {
  /// The head of each bucket's chain.
  let buckets: UnsafeMutablePointer<UInt64>
  /// One less than the number of buckets, a power of two.
  let mask: UInt64
  /// The buckets' locks, several buckets to one.
  let locks: UnsafeMutablePointer<UInt32>
  let lockMask: UInt64
  let seed: UInt64
  let keySize: Int
  let valueSize: Int
  /// Bytes from an element's start to its value.
  let valueOffset: Int
  /// Whether an element holds, in place of the value, the address of the first processor's.
  let isPerCPU: Bool
  /// Bytes from a processor's value to the next one's.
  let processorStride: Int
  let processors: Int
  /// Whether a program's lookup marks the element as used, for eviction.
  let isLRU: Bool
  let maxEntries: Int
  /// How many elements are in the table.
  let count: UnsafeMutablePointer<UInt64>
  var pool: ElementPool

  /// The value of an element on one processor.
  @inline(__always)
  func value(of element: UInt64, on processor: Int) -> UnsafeMutableRawPointer {
    let place = pointer(element) + valueOffset
    guard isPerCPU else { return place }
    return pointer(place.load(as: UInt64.self)) + processor &* processorStride
  }

  @inline(__always)
  func key(of element: UInt64) -> UnsafeMutableRawPointer { pointer(element) + Element.key }

  // MARK: Buckets

  @inline(__always)
  func bucket(of hash: UInt32) -> UInt64 { UInt64(hash) & mask }

  @inline(__always)
  private func head(_ bucket: UInt64) -> UInt64 { UInt64(UInt(bitPattern: buckets + Int(bucket))) }

  /// What ends a bucket's chain: its number, marked by a bit that no element's address has.
  @inline(__always)
  private func end(_ bucket: UInt64) -> UInt64 { bucket << 1 | 1 }

  /// What begins a bucket's chain, for whoever holds the lock: its first element or its end. A bucket that was never used holds 0.
  private func start(_ bucket: UInt64) -> UInt64 {
    let head = cebpf_load_relaxed64(head(bucket))
    return head == 0 ? end(bucket) : head
  }

  @inline(__always)
  func lock(_ bucket: UInt64) { cebpf_lock(locks + Int(bucket & lockMask)) }
  @inline(__always)
  func unlock(_ bucket: UInt64) { cebpf_unlock(locks + Int(bucket & lockMask)) }

  /// The element with a key, without a lock; 0 where there is none.
  @inline(__always)
  func find<Key: KeyShape>(_: Key.Type, _ key: UnsafeRawPointer) -> UInt64 {
    let hash = Key.hash(key, keySize, seed)
    let bucket = bucket(of: hash)
    while true {
      var node = cebpf_load_acquire64(head(bucket))
      if node == 0 { return 0 }
      while node & 1 == 0 {
        if cebpf_load_relaxed32(node &+ UInt64(Element.hash)) == hash, Key.isEqual(self.key(of: node), key, keySize) { return node }
        node = cebpf_load_acquire64(node)
      }
      if node == end(bucket) { return 0 }
    }
  }

  /// The element with a key in a bucket whose lock is held; 0 where there is none.
  func findLocked(_ bucket: UInt64, _ hash: UInt32, _ key: UnsafeRawPointer) -> UInt64 {
    var node = start(bucket)
    while node & 1 == 0 {
      if cebpf_load_relaxed32(node &+ UInt64(Element.hash)) == hash, cebpf_equal(self.key(of: node), key, keySize) != 0 { return node }
      node = cebpf_load_relaxed64(node)
    }
    return 0
  }

  /// Puts an element, complete but for its link, at the front of a bucket whose lock is held.
  func link(_ element: UInt64, into bucket: UInt64) {
    cebpf_store_relaxed64(element, start(bucket))
    cebpf_store_release64(head(bucket), element)
  }

  /// Takes an element out of a bucket whose lock is held; its own link stays, for whoever stands on it.
  func unlink(_ element: UInt64, from bucket: UInt64) {
    var place = head(bucket)
    while true {
      let node = cebpf_load_relaxed64(place)
      if node == element { break }
      precondition(node & 1 == 0, "an element is not in its bucket")
      place = node
    }
    // Sequentially consistent: see ``ProcessorSlots``.
    _ = cebpf_atomic_exchange64(place, cebpf_load_relaxed64(element))
  }

  // MARK: Walks

  /// The element behind one in its bucket's chain; 0 at the end.
  func following(_ element: UInt64) -> UInt64 {
    let node = cebpf_load_acquire64(element)
    return node & 1 == 0 ? node : 0
  }

  /// The first element of a bucket; 0 where it is empty.
  func first(in bucket: UInt64) -> UInt64 {
    let node = cebpf_load_acquire64(head(bucket))
    return node & 1 == 0 ? node : 0
  }

  /// Whether a bucket is empty at the moment.
  func isEmpty(_ bucket: UInt64) -> Bool { first(in: bucket) == 0 }
}

/// The layout of an element, in bytes from its start. Its key begins at ``key``, the value behind it at the next multiple of eight.
enum Element {
  /// The next element in the chain, or the chain's end. 8 bytes.
  static let next = 0
  /// While it is free: the next free element. In the list of an LRU map: the next older one. 8 bytes.
  static let free = 8
  /// While it waits: the epoch at which it was taken out. In the list of an LRU map: the next newer one. 8 bytes.
  static let epoch = 16
  static let hash = 24
  /// 1 where a program looked it up since it was last considered for eviction.
  static let isReferenced = 28
  static let key = 32
}

/// A pointer from an address that is not null.
@inline(__always)
func pointer(_ address: UInt64) -> UnsafeMutableRawPointer {
  UnsafeMutableRawPointer(bitPattern: UInt(address)).unsafelyUnwrapped
}

/// How keys of a size are hashed and compared.
protocol KeyShape {
  static func hash(_ key: UnsafeRawPointer, _ size: Int, _ seed: UInt64) -> UInt32
  /// Whether an element's key, in shared memory, is that key.
  static func isEqual(_ shared: UnsafeRawPointer, _ key: UnsafeRawPointer, _ size: Int) -> Bool
}

/// Keys of four bytes.
enum Key4: KeyShape {
  @inline(__always)
  static func hash(_ key: UnsafeRawPointer, _ size: Int, _ seed: UInt64) -> UInt32 {
    let word = UInt64(key.loadUnaligned(as: UInt32.self))
    return mixed(word, word, seed, 4)
  }
  @inline(__always)
  static func isEqual(_ shared: UnsafeRawPointer, _ key: UnsafeRawPointer, _ size: Int) -> Bool {
    cebpf_load_relaxed32(UInt64(UInt(bitPattern: shared))) == key.loadUnaligned(as: UInt32.self)
  }
}

/// Keys of eight bytes.
enum Key8: KeyShape {
  @inline(__always)
  static func hash(_ key: UnsafeRawPointer, _ size: Int, _ seed: UInt64) -> UInt32 {
    let word = key.loadUnaligned(as: UInt64.self)
    return mixed(word, word, seed, 8)
  }
  @inline(__always)
  static func isEqual(_ shared: UnsafeRawPointer, _ key: UnsafeRawPointer, _ size: Int) -> Bool {
    cebpf_load_relaxed64(UInt64(UInt(bitPattern: shared))) == key.loadUnaligned(as: UInt64.self)
  }
}

/// Keys of sixteen bytes.
enum Key16: KeyShape {
  @inline(__always)
  static func hash(_ key: UnsafeRawPointer, _ size: Int, _ seed: UInt64) -> UInt32 {
    mixed(key.loadUnaligned(as: UInt64.self), key.loadUnaligned(fromByteOffset: 8, as: UInt64.self), seed, 16)
  }
  @inline(__always)
  static func isEqual(_ shared: UnsafeRawPointer, _ key: UnsafeRawPointer, _ size: Int) -> Bool {
    let address = UInt64(UInt(bitPattern: shared))
    return cebpf_load_relaxed64(address) == key.loadUnaligned(as: UInt64.self)
      && cebpf_load_relaxed64(address &+ 8) == key.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
  }
}

/// Keys of any size; the others' results for theirs.
enum KeyAny: KeyShape {
  @inline(__always)
  static func hash(_ key: UnsafeRawPointer, _ size: Int, _ seed: UInt64) -> UInt32 {
    if size > 16 { return long(key, size, seed) }
    if size >= 8 {
      return mixed(key.loadUnaligned(as: UInt64.self), key.loadUnaligned(fromByteOffset: size &- 8, as: UInt64.self), seed, UInt64(size))
    }
    if size >= 4 {
      return mixed(
        UInt64(key.loadUnaligned(as: UInt32.self)), UInt64(key.loadUnaligned(fromByteOffset: size &- 4, as: UInt32.self)), seed,
        UInt64(size))
    }
    let first = UInt64(key.load(as: UInt8.self))
    let middle = UInt64(key.load(fromByteOffset: size >> 1, as: UInt8.self))
    let last = UInt64(key.load(fromByteOffset: size &- 1, as: UInt8.self))
    return mixed(first | middle << 8 | last << 16, 0, seed, UInt64(size))
  }

  @inline(never)
  private static func long(_ key: UnsafeRawPointer, _ size: Int, _ seed: UInt64) -> UInt32 {
    var state = seed
    var offset = 0
    while size &- offset > 16 {
      let product = (key.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ multiplier)
        .multipliedFullWidth(by: key.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self) ^ state)
      state = product.high ^ product.low ^ seed
      offset &+= 16
    }
    return mixed(
      key.loadUnaligned(fromByteOffset: size &- 16, as: UInt64.self), key.loadUnaligned(fromByteOffset: size &- 8, as: UInt64.self), state,
      UInt64(size))
  }

  @inline(__always)
  static func isEqual(_ shared: UnsafeRawPointer, _ key: UnsafeRawPointer, _ size: Int) -> Bool { cebpf_equal(shared, key, size) != 0 }
}

private let multiplier: UInt64 = 0xa076_1d64_78bd_642f

/// Two multiplications of 64 by 64 bits, folded: every bit of the key and of the map's secret seed reaches every bit of the result.
@inline(__always)
private func mixed(_ a: UInt64, _ b: UInt64, _ seed: UInt64, _ size: UInt64) -> UInt32 {
  let first = (a ^ 0xa076_1d64_78bd_642f ^ seed).multipliedFullWidth(by: b ^ 0xe703_7ed1_a0b4_28db ^ seed)
  let second = (first.high ^ first.low).multipliedFullWidth(by: 0x8ebc_6af0_9c88_c6e3 ^ seed ^ size)
  return UInt32(truncatingIfNeeded: second.high ^ second.low)
}
