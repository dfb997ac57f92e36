import CEBPF

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The elements of an LRU map by age: a queue with a second chance, which is what the kernel's active and inactive lists approximate too.
///
/// New elements come to the young end; who looks for one to evict begins at the old end, and sends those that a program has looked up since
/// back to the young end. With `BPF_F_NO_COMMON_LRU` each processor has its own list and its share of the map.
struct LRUList {
  /// The lock, and from byte 8 on the oldest element, the youngest, and how many there are.
  private let lock: UnsafeMutablePointer<UInt32>
  private let ends: UnsafeMutablePointer<UInt64>
  /// The list's number among those of its map.
  private let number: UInt16

  /// Bytes of memory, zeroed, that a list needs.
  static let byteCount = 64

  init(_ memory: UnsafeMutableRawPointer, number: Int) {
    lock = memory.assumingMemoryBound(to: UInt32.self)
    ends = (memory + 8).assumingMemoryBound(to: UInt64.self)
    self.number = UInt16(number)
  }

  // Places in an element: the next younger in `free`, the next older in `epoch`; then the mark of being in a list, and in which.
  private static let younger = Element.free
  private static let older = Element.epoch
  private static let isListed = Element.isReferenced + 1
  private static let list = Element.isReferenced + 2

  /// How many elements are in the list, as a reader without the lock sees it.
  var count: UInt64 { cebpf_load_relaxed64(UInt64(UInt(bitPattern: ends + 2))) }

  /// The number of the list that an element is in or was in last.
  static func number(of element: UInt64) -> Int { Int(cebpf_load_relaxed16(element &+ UInt64(list))) }

  /// Puts a new element at the young end.
  func push(_ element: UInt64) {
    cebpf_lock(lock)
    append(element)
    cebpf_unlock(lock)
  }

  /// Takes an element out, if it is in.
  func remove(_ element: UInt64) {
    cebpf_lock(lock)
    if cebpf_load_relaxed8(element &+ UInt64(Self.isListed)) != 0, Self.number(of: element) == Int(number) { detach(element) }
    cebpf_unlock(lock)
  }

  /// An element to evict: the oldest that was not looked up lately. It goes to the young end, so that another thread finds another one.
  /// - Returns: 0 where the list is empty.
  func candidate() -> UInt64 {
    cebpf_lock(lock)
    defer { cebpf_unlock(lock) }
    // Everything may have been looked up: then the second time around it is the oldest after all.
    var turns = ends[2]
    while true {
      let element = ends[0]
      if element == 0 { return 0 }
      let isReferenced = cebpf_load_relaxed8(element &+ UInt64(Element.isReferenced)) != 0
      if isReferenced { cebpf_store_relaxed8(element &+ UInt64(Element.isReferenced), 0) }
      detach(element)
      append(element)
      if !isReferenced || turns == 0 { return element }
      turns -= 1
    }
  }

  private func append(_ element: UInt64) {
    let youngest = ends[1]
    store(0, element, Self.younger)
    store(youngest, element, Self.older)
    if youngest == 0 { ends[0] = element } else { store(element, youngest, Self.younger) }
    ends[1] = element
    setCount(ends[2] + 1)
    cebpf_store_relaxed16(element &+ UInt64(Self.list), number)
    cebpf_store_relaxed8(element &+ UInt64(Self.isListed), 1)
  }

  private func detach(_ element: UInt64) {
    let younger = load(element, Self.younger)
    let older = load(element, Self.older)
    if older == 0 { ends[0] = younger } else { store(younger, older, Self.younger) }
    if younger == 0 { ends[1] = older } else { store(older, younger, Self.older) }
    setCount(ends[2] - 1)
    cebpf_store_relaxed8(element &+ UInt64(Self.isListed), 0)
  }

  private func setCount(_ count: UInt64) { cebpf_store_relaxed64(UInt64(UInt(bitPattern: ends + 2)), count) }
  private func load(_ element: UInt64, _ place: Int) -> UInt64 { cebpf_load_relaxed64(element &+ UInt64(place)) }
  private func store(_ value: UInt64, _ element: UInt64, _ place: Int) { cebpf_store_relaxed64(element &+ UInt64(place), value) }
}
