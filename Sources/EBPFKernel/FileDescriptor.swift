internal import CEBPF
internal import EBPFHost
import Synchronization

/// A file descriptor that somebody owns: closed once, and never while a system call of another thread still uses its number.
///
/// bpf(2) sets close-on-exec on everything that it returns, so a child process inherits none of them.
final class FileDescriptor: Sendable {
  private static let closedBit: UInt64 = 1 << 63

  /// The uses under way, and in the top bit whether the descriptor was given up. Once that bit is set the count only falls,
  /// so it reaches zero once.
  private let state = Atomic<UInt64>(0)
  private let number: Int32

  /// Takes a descriptor over.
  init(owning number: Int32) {
    self.number = number
  }

  deinit {
    close()
  }

  /// Gives the descriptor up; uses under way finish first, later ones are refused.
  func close() {
    if state.bitwiseOr(Self.closedBit, ordering: .acquiringAndReleasing).oldValue == 0 { ebpf_close(number) }
  }

  /// Runs `body` with the number, which stays valid until `body` returns.
  /// - Throws: ``HostError`` with ``HostError/Code/closed``.
  @inline(__always)
  func use<Result: ~Copyable>(_ body: (Int32) throws(HostError) -> Result) throws(HostError) -> Result {
    var current = state.load(ordering: .relaxed)
    while true {
      guard current & Self.closedBit == 0 else { throw HostError(.closed, "the handle was closed") }
      let (exchanged, original) = state.compareExchange(expected: current, desired: current + 1, ordering: .acquiring)
      if exchanged { break }
      current = original
    }
    defer {
      if state.subtract(1, ordering: .acquiringAndReleasing).newValue == Self.closedBit { ebpf_close(number) }
    }
    return try body(number)
  }
}
