import CEBPF
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The slots that running programs hold, which are this host's processors and the readers of its epochs.
///
/// A run leases a slot when a program is entered and gives it back when it is left, so that no two runs ever share one, however threads are
/// preempted. Its number is what `bpf_get_smp_processor_id` returns and which value of a per-CPU map the run works on.
///
/// **Epochs.** Memory that a program may still see after it was taken out of a map (elements of maps that do not preallocate, trie nodes,
/// replaced inner maps, programs in a prog array and with them their machine code) is reused only when every run that could see it has
/// ended. There is one counter, ``epoch``, for the process. A slot holds 0 when it is free, else the counter as it was when its run began.
/// Who takes something out first unlinks it, then counts ``epoch`` up and remembers the count before (``retire()``). A run that begins
/// later reads a higher count, because entering (an atomic exchange) and retiring (an atomic add after the unlinking store) are both
/// sequentially consistent: it cannot find what was unlinked. So the thing is free once every slot is 0 or above its count (``oldest()``).
/// A run that calls its program many times announces itself anew before each call, so that a long replay holds nothing back.
///
/// Operations of the host API on maps are no runs: they hold the bucket's or trie's lock, under which nothing is taken out.
enum ProcessorSlots {
  /// The most slots of all hosts of the process.
  static let capacity = Int(CEBPF_PROCESSOR_SLOTS)
  /// Words from one slot to the next: a cache line each.
  private static let stride = 8

  /// The epoch's counter.
  static var epoch: UnsafeMutablePointer<UInt64> { cebpf_epoch() }

  private static var words: UnsafeMutablePointer<UInt64> { cebpf_processor_slots() }

  /// One more than the highest slot that was ever leased.
  private static let used = Atomic<Int>(0)

  /// The processors that this machine may have: the slots of a host that does not say otherwise.
  static let processors: Int = max(1, min(capacity, Int(sysconf(Int32(_SC_NPROCESSORS_CONF)))))

  /// The word of a slot.
  @inline(__always)
  static func word(_ slot: Int) -> UnsafeMutablePointer<UInt64> { words + slot &* stride }

  /// Takes a free slot below `limit`, waiting for one where all are taken.
  ///
  /// A run inside a run takes a second slot: on a host with one processor it would wait for itself.
  static func lease(below limit: Int) -> Int {
    var slot = Int(cebpf_current_processor())
    if slot >= limit { slot = 0 }
    var turns = 0
    while true {
      for _ in 0..<limit {
        if cebpf_load_relaxed64(address(slot)) == 0, enter(slot) { return slot }
        slot += 1
        if slot == limit { slot = 0 }
      }
      turns += 1
      if turns < 64 { sched_yield() } else { usleep(50) }
    }
  }

  private static func enter(_ slot: Int) -> Bool {
    // A slot above the mark is not scanned yet: raise the mark first, so that whoever retires after this exchange looks at it.
    if slot >= used.load(ordering: .sequentiallyConsistent) { noteUse(of: slot) }
    guard cebpf_atomic_compare_exchange64(address(slot), 0, cebpf_load_relaxed64(UInt64(UInt(bitPattern: epoch)))) == 0 else {
      return false
    }
    cebpf_fence()
    return true
  }

  private static func noteUse(of slot: Int) {
    var seen = used.load(ordering: .relaxed)
    while seen <= slot {
      let (exchanged, original) = used.compareExchange(expected: seen, desired: slot + 1, ordering: .sequentiallyConsistent)
      if exchanged { return }
      seen = original
    }
  }

  /// Gives a slot back.
  static func release(_ slot: Int) {
    cebpf_store_release64(address(slot), 0)
    if Retired.hasAny { Retired.collect() }
  }

  /// Announces a run anew: it holds nothing from before.
  @inline(__always)
  static func announce(_ word: UnsafeMutablePointer<UInt64>, _ epoch: UnsafeMutablePointer<UInt64>) {
    let now = cebpf_load_relaxed64(UInt64(UInt(bitPattern: epoch)))
    let address = UInt64(UInt(bitPattern: word))
    if cebpf_load_relaxed64(address) == now { return }
    _ = cebpf_atomic_exchange64(address, now)
    cebpf_fence()
  }

  /// The count to remember for something that was just unlinked.
  static func retire() -> UInt64 { cebpf_atomic_add64(UInt64(UInt(bitPattern: epoch)), 1) }

  /// What was retired with a lower count is free.
  static func oldest() -> UInt64 {
    var oldest = UInt64.max
    for slot in 0..<used.load(ordering: .sequentiallyConsistent) {
      let announced = cebpf_load_sequential64(address(slot))
      if announced != 0, announced < oldest { oldest = announced }
    }
    return oldest
  }

  @inline(__always)
  private static func address(_ slot: Int) -> UInt64 { UInt64(UInt(bitPattern: word(slot))) }
}

/// Objects that were taken out of a map while programs may still be in them: kept until those have ended.
enum Retired {
  private static let waiting = Locked<[(count: UInt64, object: any AnyObject & Sendable)]>([])
  private static let count = Atomic<Int>(0)

  /// Whether anything waits.
  @inline(__always)
  static var hasAny: Bool { count.load(ordering: .relaxed) != 0 }

  /// Keeps an object, already unlinked, as long as a run may see it.
  static func keep(_ object: some AnyObject & Sendable) {
    let retired = ProcessorSlots.retire()
    waiting.withLock { $0.append((retired, object)) }
    count.add(1, ordering: .relaxed)
    collect()
  }

  /// Lets go of what no run can see any more.
  static func collect() {
    let oldest = ProcessorSlots.oldest()
    let free = waiting.withLock { list in
      let free = list.filter { $0.count < oldest }
      if !free.isEmpty { list.removeAll { $0.count < oldest } }
      return free
    }
    count.subtract(free.count, ordering: .relaxed)
  }
}
