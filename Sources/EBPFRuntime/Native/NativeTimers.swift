import CEBPF
import EBPFHost
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The timers of native programs, on the instance's virtual clock: they fire when a test moves it.
///
/// A timer is known by a number that `bpf_timer_init` writes into its place in the map's value; with the element the number goes, and the timer.
final class NativeTimers: Sendable {
  /// What the program does when the timer fires. Unchecked: the timers pass the argument on, and only the program reads it.
  struct Callback: @unchecked Sendable {
    var body: @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer?) -> Void
    var argument: UnsafeMutableRawPointer?
  }

  private struct Timer {
    /// Where it is, and the map whose value that is in.
    var place: UInt
    var map: UInt
    var callback: Callback?
    var deadline: UInt64?
  }

  private struct State {
    var timers: [UInt64: Timer] = [:]
    var last: UInt64 = 0
  }

  private let clock: VirtualClock
  private let state = Locked(State())

  init(clock: VirtualClock) { self.clock = clock }

  /// `bpf_timer_init`, `_start` and `_cancel` (`kernel/bpf/helpers.c`).
  static var helpers: [HelperTable.Entry] {
    [
      HelperTable.Entry(.timerInit) { timer, map, flags, _, _, environment in
        // CLOCK_REALTIME, CLOCK_MONOTONIC and CLOCK_BOOTTIME of Linux.
        guard flags == 0 || flags == 1 || flags == 7 else { return .error(.einval) }
        return UInt64(bitPattern: Int64(NativeTable.maps(environment).timers.initialize(pointer(timer), map)))
      },
      HelperTable.Entry(.timerStart) { timer, nanoseconds, flags, _, _, environment in
        // Absolute, and on this processor.
        guard flags & ~3 == 0 else { return .error(.einval) }
        let timers = NativeTable.maps(environment).timers
        return UInt64(bitPattern: Int64(timers.start(pointer(timer), nanoseconds, isAbsolute: flags & 1 != 0)))
      },
      HelperTable.Entry(.timerCancel) { timer, _, _, _, _, environment in
        UInt64(bitPattern: Int64(NativeTable.maps(environment).timers.cancel(pointer(timer))))
      },
    ]
  }

  /// The number in a timer's place.
  private static func number(_ timer: UnsafeRawPointer) -> UInt64 { timer.loadUnaligned(as: UInt64.self) }

  private func initialize(_ timer: UnsafeMutableRawPointer, _ map: UInt64) -> Int {
    state.withLock { state in
      let place = UInt(bitPattern: timer)
      if state.timers[Self.number(timer)]?.place == place { return -Int(EBUSY) }
      state.last += 1
      timer.storeBytes(of: state.last, as: UInt64.self)
      state.timers[state.last] = Timer(place: place, map: UInt(map))
      return 0
    }
  }

  /// Changes a timer that was initialized; `EINVAL` for one that was not.
  private func change(_ timer: UnsafeMutableRawPointer, _ body: (inout Timer) -> Int) -> Int {
    state.withLock { state in
      let number = Self.number(timer)
      guard var found = state.timers[number], found.place == UInt(bitPattern: timer) else { return -Int(EINVAL) }
      defer { state.timers[number] = found }
      return body(&found)
    }
  }

  func setCallback(of timer: UnsafeMutableRawPointer, _ callback: Callback) -> Int {
    change(timer) {
      $0.callback = callback
      return 0
    }
  }

  private func start(_ timer: UnsafeMutableRawPointer, _ nanoseconds: UInt64, isAbsolute: Bool) -> Int {
    let now = clock.nanoseconds
    return change(timer) {
      guard $0.callback != nil else { return -Int(EINVAL) }
      $0.deadline = isAbsolute ? nanoseconds : now &+ nanoseconds
      return 0
    }
  }

  private func cancel(_ timer: UnsafeMutableRawPointer) -> Int {
    change(timer) { timer in
      defer { timer.deadline = nil }
      return timer.deadline == nil ? 0 : 1
    }
  }

  /// A timer that is to fire.
  struct Due {
    fileprivate var number: UInt64
    fileprivate var place: UInt
    fileprivate var map: UInt
    fileprivate var callback: Callback
    var deadline: UInt64
  }

  /// Takes the first timer that fires up to a time; of several at once the one that was initialized first.
  func takeNext(upTo time: UInt64) -> Due? {
    state.withLock { state in
      let due = state.timers.filter { $0.value.deadline.map { $0 <= time } ?? false }
      guard let (number, timer) = due.min(by: { ($0.value.deadline ?? 0, $0.key) < ($1.value.deadline ?? 0, $1.key) }),
        let callback = timer.callback, let deadline = timer.deadline
      else { return nil }
      state.timers[number]?.deadline = nil
      return Due(number: number, place: timer.place, map: timer.map, callback: callback, deadline: deadline)
    }
  }

  /// Calls what a timer's program said, with the element that holds the timer; a timer whose element is gone is forgotten.
  func fire(_ due: Due, _ environment: Environment) {
    let map = mapHeader(UInt64(due.map))
    var search = Search(place: due.place, size: UInt(map.pointee.value_size))
    withUnsafeMutablePointer(to: &search) { search in
      var callback = NativeCallback(
        body: { key, value, argument in
          let search = argument.unsafelyUnwrapped.assumingMemoryBound(to: Search.self)
          guard search.pointee.place &- UInt(bitPattern: value) < search.pointee.size else { return 0 }
          search.pointee.found = (UnsafeMutableRawPointer(mutating: key), value)
          return 1
        }, argument: UnsafeMutableRawPointer(search))
      _ = withUnsafeMutablePointer(to: &callback) { map.pointee.for_each(map, UInt64(UInt(bitPattern: $0)), 0, environment) }
    }
    guard let (key, value) = search.found, let place = UnsafeRawPointer(bitPattern: due.place), Self.number(place) == due.number else {
      state.withLock { $0.timers[due.number] = nil }
      return
    }
    // A copy of the key: the function may take the element out.
    withUnsafeTemporaryAllocation(byteCount: max(Int(map.pointee.key_size), 1), alignment: 8) { copy in
      let copy = copy.baseAddress.unsafelyUnwrapped
      copy.copyMemory(from: key, byteCount: Int(map.pointee.key_size))
      due.callback.body(UnsafeMutableRawPointer(map), copy, value, due.callback.argument)
    }
  }

  /// An element whose value holds a place.
  private struct Search {
    let place: UInt
    let size: UInt
    var found: (key: UnsafeMutableRawPointer, value: UnsafeMutableRawPointer)?
  }
}
