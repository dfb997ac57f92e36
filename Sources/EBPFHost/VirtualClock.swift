import Synchronization

/// Time that stands still until someone moves it: what programs see of every clock (`bpf_ktime_get_ns` and its kin), for tests.
public final class VirtualClock: Sendable {
  private let value: Atomic<UInt64>

  /// - Parameter nanoseconds: what the clock shows first.
  public init(nanoseconds: UInt64 = 1_000_000_000) { value = Atomic(nanoseconds) }

  /// Nanoseconds that the clock shows.
  public var nanoseconds: UInt64 {
    get { value.load(ordering: .relaxed) }
    set { value.store(newValue, ordering: .relaxed) }
  }

  /// Moves the clock on.
  public func advance(by duration: Duration) {
    let (seconds, attoseconds) = duration.components
    value.wrappingAdd(UInt64(bitPattern: seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000), ordering: .relaxed)
  }
}
