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

extension HelperTable {
  /// Clocks.
  static var timeHelpers: [Entry] {
    [
      Entry(.ktimeGetNs) { _, _, _, _, _, environment in time(environment, CLOCK_MONOTONIC) },
      Entry(.jiffies64) { _, _, _, _, _, environment in time(environment, coarseClock) / nanosecondsPerJiffy },
      Entry(.ktimeGetBootNs) { _, _, _, _, _, environment in time(environment, bootClock) },
      Entry(.ktimeGetCoarseNs) { _, _, _, _, _, environment in time(environment, coarseClock) },
      Entry(.ktimeGetTaiNs) { _, _, _, _, _, environment in time(environment, taiClock) },
    ]
  }
}

/// A jiffy is 4 ms here, as with the kernel's usual HZ = 250.
private let nanosecondsPerJiffy: UInt64 = 4_000_000

#if os(Linux)
private let bootClock = CLOCK_BOOTTIME
private let coarseClock = CLOCK_MONOTONIC_COARSE
private let taiClock = CLOCK_TAI
#else
private let bootClock = CLOCK_MONOTONIC
private let coarseClock = CLOCK_MONOTONIC
private let taiClock = CLOCK_REALTIME
#endif

/// What a program sees of a clock, in nanoseconds: the machine's, or the instance's own.
private func time(_ environment: UnsafeMutablePointer<ebpf_environment>, _ clock: clockid_t) -> UInt64 {
  guard let virtual = runState(environment).pointee.clock else { return nanoseconds(clock) }
  return Unmanaged<VirtualClock>.fromOpaque(virtual)._withUnsafeGuaranteedRef { $0.nanoseconds }
}

/// What a clock says, in nanoseconds.
func nanoseconds(_ clock: clockid_t) -> UInt64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return UInt64(bitPattern: Int64(time.tv_sec)) &* 1_000_000_000 &+ UInt64(bitPattern: Int64(time.tv_nsec))
}
