import CEBPF
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension HelperTable {
  /// Loops over a function of the program.
  static var callbackHelpers: [Entry] {
    [
      Entry(.loop) { count, function, context, flags, _, environment in
        if flags != 0 { return UInt64(bitPattern: negated(EINVAL)) }
        let count = UInt32(truncatingIfNeeded: count)
        if count > mostTurns { return UInt64(bitPattern: negated(E2BIG)) }
        guard let call = environment.pointee.call else { return UInt64(bitPattern: negated(EINVAL)) }
        let state = runState(environment)
        var turn: UInt64 = 0
        while turn < UInt64(count) {
          let result = call(environment, function, turn, context, 0, 0, 0)
          turn += 1
          if result != 0 || state.pointee.stopped != .none { break }
        }
        return turn
      }
    ]
  }
}

/// `BPF_MAX_LOOPS`
private let mostTurns: UInt32 = 8 << 20
