import CEBPF

/// Where the elements of hash tables and tries come from: one reservation of address space, handed out from its start, and a list of those
/// that came back. Everything may be called from several threads.
///
/// An element keeps its address for the life of the map, and its memory is never anything but an element.
struct ElementPool {
  let base: UInt64
  let elementSize: Int
  let capacity: Int
  /// The list's head: the number of its first element plus one in the lower half, and in the upper a count of changes, by which an exchange
  /// notices that the head went and came back.
  private let head: UInt64
  /// How many elements were handed out from the start.
  private let fresh: UInt64
  /// Elements that programs may still see, oldest first: the list's lock; its first, its last and how many there are.
  private let waitingLock: UnsafeMutablePointer<UInt32>
  private let waiting: UnsafeMutablePointer<UInt64>
  /// The values of per-CPU maps: where the first processor's begin, and bytes of one.
  let values: UInt64
  let valueSize: Int

  /// - Parameters:
  ///   - memory: `capacity` elements.
  ///   - control: 64 bytes, zeroed, of the pool's own.
  init(
    memory: UnsafeMutableRawPointer, elementSize: Int, capacity: Int, control: UnsafeMutableRawPointer, values: UInt64 = 0,
    valueSize: Int = 0
  ) {
    base = UInt64(UInt(bitPattern: memory))
    self.elementSize = elementSize
    self.capacity = capacity
    head = UInt64(UInt(bitPattern: control))
    fresh = head + 8
    waitingLock = (control + 16).assumingMemoryBound(to: UInt32.self)
    waiting = (control + 24).assumingMemoryBound(to: UInt64.self)
    self.values = values
    self.valueSize = valueSize
  }

  /// So many waiting elements are looked at before new memory is touched.
  private static let worthALook: UInt64 = 64

  /// A free element, or 0.
  func take() -> UInt64 {
    if cebpf_load_relaxed64(UInt64(UInt(bitPattern: waiting + 2))) >= Self.worthALook {
      let element = takeWaiting()
      if element != 0 { return element }
    }
    while true {
      let seen = cebpf_load_acquire64(head)
      let number = seen & 0xffff_ffff
      if number == 0 { break }
      let element = base &+ (number &- 1) &* UInt64(elementSize)
      // Another thread may have it by now, and then the exchange fails.
      let next = cebpf_load_relaxed64(element &+ UInt64(Element.free)) & 0xffff_ffff
      let changed = next | (seen &+ 1 << 32) & ~0xffff_ffff
      if cebpf_atomic_compare_exchange64(head, seen, changed) == seen { return element }
    }
    if cebpf_load_relaxed64(fresh) < UInt64(capacity) {
      let number = cebpf_atomic_add64(fresh, 1)
      if number < UInt64(capacity) {
        let element = base &+ number &* UInt64(elementSize)
        if values != 0 {
          pointer(element).storeBytes(of: values &+ number &* UInt64(valueSize), toByteOffset: elementSize &- 8, as: UInt64.self)
        }
        return element
      }
      _ = cebpf_atomic_add64(fresh, UInt64.max)
    }
    return takeWaiting()
  }

  /// Gives back an element that may be used again at once.
  func give(_ element: UInt64) {
    let number = (element &- base) / UInt64(elementSize) &+ 1
    while true {
      let seen = cebpf_load_acquire64(head)
      cebpf_store_relaxed64(element &+ UInt64(Element.free), seen & 0xffff_ffff)
      let changed = number | (seen &+ 1 << 32) & ~0xffff_ffff
      if cebpf_atomic_compare_exchange64(head, seen, changed) == seen { return }
    }
  }

  /// Gives back an element, already unlinked, that programs may still see.
  func giveLater(_ element: UInt64) {
    cebpf_lock(waitingLock)
    pointer(element).storeBytes(of: ProcessorSlots.retire(), toByteOffset: Element.epoch, as: UInt64.self)
    cebpf_store_relaxed64(element &+ UInt64(Element.free), 0)
    if waiting[0] == 0 { waiting[0] = element } else { cebpf_store_relaxed64(waiting[1] &+ UInt64(Element.free), element) }
    waiting[1] = element
    cebpf_store_relaxed64(UInt64(UInt(bitPattern: waiting + 2)), waiting[2] + 1)
    cebpf_unlock(waitingLock)
  }

  /// The element that waited longest, where no program can see it any more; else 0.
  private func takeWaiting() -> UInt64 {
    cebpf_lock(waitingLock)
    defer { cebpf_unlock(waitingLock) }
    let element = waiting[0]
    guard element != 0, pointer(element).load(fromByteOffset: Element.epoch, as: UInt64.self) < ProcessorSlots.oldest() else { return 0 }
    waiting[0] = cebpf_load_relaxed64(element &+ UInt64(Element.free))
    cebpf_store_relaxed64(UInt64(UInt(bitPattern: waiting + 2)), waiting[2] - 1)
    return element
  }
}
