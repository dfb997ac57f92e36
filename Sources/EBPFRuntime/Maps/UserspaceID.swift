import Synchronization

/// Numbers of maps and programs, unique in the process: what the host API shows where they are values.
enum UserspaceID {
  private static let last = Atomic<UInt32>(0)
  static func next() -> UInt32 { last.add(1, ordering: .relaxed).newValue }
}
