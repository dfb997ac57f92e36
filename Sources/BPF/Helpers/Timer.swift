// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A timer in a map's value (Linux 5.15): at most one, in a hash map or array.
/// ```swift
/// struct Session: BitwiseCopyable {
///   var timer = Timer()
///   var packets: UInt64 = 0
/// }
/// let sessions = HashMap<IPv4Address, Session>(maxEntries: 1024)
/// …
/// if slot.value.timer.initialize(in: sessions) {
///   slot.value.timer.onFire(in: sessions) { address, session in sessions.remove(address.value) }
/// }
/// slot.value.timer.start(after: 30_000_000_000)
/// ```
public typealias Timer = bpf_timer

/// A clock that a timer follows.
@frozen
public struct TimerClock: BitwiseCopyable {
  let rawValue: UInt64

  @inline(__always)
  init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// Time since the system started, without time asleep.
  @inline(__always)
  public static var monotonic: TimerClock { TimerClock(1) }
  /// Time of day.
  @inline(__always)
  public static var realTime: TimerClock { TimerClock(0) }
  /// Time since the system started, with time asleep.
  @inline(__always)
  public static var sinceBoot: TimerClock { TimerClock(7) }
}

extension bpf_timer {
  /// Makes the timer ready; `false` where it was already (`bpf_timer_init`).
  @discardableResult @inline(__always)
  public mutating func initialize<Map: KeyedMap & ~Copyable>(in map: borrowing Map, clock: TimerClock = .monotonic) -> Bool {
    bpf_timer_init(&self, UnsafeMutableRawPointer(mutating: map.map), clock.rawValue) == 0
  }

  /// Says what happens when the timer fires (`bpf_timer_set_callback`). The closure may capture nothing; it is given the element that holds the
  /// timer.
  @discardableResult @inline(__always)
  public mutating func onFire<Map: KeyedMap & ~Copyable>(
    in map: borrowing Map, _ body: @escaping (MapKey<Map.Key>, MapValue<Map.Value>) -> Void
  ) -> Bool {
    callbackTimer(&self) { key, value in body(MapKey(pointer: key.assumingMemoryBound(to: Map.Key.self)), MapValue(value)) } == 0
  }

  /// Starts the timer, anew where it runs (`bpf_timer_start`).
  /// - Parameter after: nanoseconds.
  @discardableResult @inline(__always)
  public mutating func start(after nanoseconds: UInt64, absolute: Bool = false) -> Bool {
    bpf_timer_start(&self, nanoseconds, absolute ? 1 : 0) == 0
  }

  /// Stops the timer, and waits for its function where it runs; whether it was running (`bpf_timer_cancel`).
  @discardableResult @inline(__always)
  public mutating func cancel() -> Bool { bpf_timer_cancel(&self) == 1 }
}
