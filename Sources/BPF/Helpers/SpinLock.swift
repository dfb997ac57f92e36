// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A lock in a map's value: at most one, in a hash map, array or local storage.
/// ```swift
/// struct Bucket: BitwiseCopyable {
///   var lock = SpinLock()
///   var tokens: UInt64 = 0
/// }
/// …
/// bucket.value.lock.withLock { bucket.value.tokens -= 1 }
/// ```
public typealias SpinLock = bpf_spin_lock

extension bpf_spin_lock {
  /// Calls `body` with the lock held (`bpf_spin_lock`, `bpf_spin_unlock`). It may call no helper, and must not leave by a trap: use the
  /// wrapping operators.
  @inline(__always)
  public mutating func withLock<Result>(_ body: () -> Result) -> Result {
    cbpf_lock(&self)
    let result = body()
    cbpf_unlock(&self)
    return result
  }
}
