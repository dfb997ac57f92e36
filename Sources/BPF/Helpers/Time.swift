// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The kernel's clocks.
@frozen
public enum Time {
  /// Nanoseconds since the system started, without time asleep (`CLOCK_MONOTONIC`, `bpf_ktime_get_ns`).
  @inline(__always)
  public static var monotonic: UInt64 { bpf_ktime_get_ns() }
  /// Nanoseconds since the system started, with time asleep (`CLOCK_BOOTTIME`, `bpf_ktime_get_boot_ns`).
  @inline(__always)
  public static var sinceBoot: UInt64 { bpf_ktime_get_boot_ns() }
  /// As ``monotonic``, as of the last tick: cheaper (`CLOCK_MONOTONIC_COARSE`, `bpf_ktime_get_coarse_ns`).
  @inline(__always)
  public static var coarse: UInt64 { bpf_ktime_get_coarse_ns() }
  /// Nanoseconds of international atomic time (`CLOCK_TAI`, `bpf_ktime_get_tai_ns`).
  @inline(__always)
  public static var tai: UInt64 { bpf_ktime_get_tai_ns() }
  /// Ticks since the system started (`bpf_jiffies64`).
  @inline(__always)
  public static var jiffies: UInt64 { bpf_jiffies64() }
}

/// Random numbers.
@frozen
public enum Random {
  /// A pseudo-random number (`bpf_get_prandom_u32`).
  @inline(__always)
  public static var next: UInt32 { bpf_get_prandom_u32() }

  /// A pseudo-random number from 0 to below `bound`, or 0 for a bound of 0.
  @inline(__always)
  public static func next(below bound: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: (UInt64(bpf_get_prandom_u32()) &* UInt64(bound)) >> 32)
  }
}

/// The processor that runs the program.
@frozen
public enum CPU {
  /// Its number (`bpf_get_smp_processor_id`).
  @inline(__always)
  public static var current: UInt32 { bpf_get_smp_processor_id() }
  /// Its NUMA node (`bpf_get_numa_node_id`).
  @inline(__always)
  public static var numaNode: Int { bpf_get_numa_node_id() }
}
