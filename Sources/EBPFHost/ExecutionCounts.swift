import Synchronization

/// How often each instruction of each program ran.
public final class ExecutionCounts: Sendable {
  private let counts = Mutex<[String: [UInt64]]>([:])

  public init() {}

  /// The counts of a program by instruction slot; `nil` for one that never ran.
  public func counts(of program: String) -> [UInt64]? { counts.withLock { $0[program] } }

  /// The programs that ran.
  public var programs: [String] { counts.withLock { $0.keys.sorted() } }

  /// Adds a run's counts.
  package func add(_ run: [UInt64], of program: String) {
    counts.withLock { all in
      guard var sum = all[program] else {
        all[program] = run
        return
      }
      for (slot, count) in run.enumerated() { sum[slot] += count }
      all[program] = sum
    }
  }
}
