// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Integers that eBPF can change atomically: those of 32 and 64 bits.
///
/// The operations work on any variable in shared memory, a field of a map's value or a global:
/// ```swift
/// slot.value.packets.atomicAdd(1)
/// let ticket = next.atomicFetchAdd(1)
/// ```
public protocol AtomicInteger: FixedWidthInteger & BitwiseCopyable {}

extension UInt32: AtomicInteger {}
extension Int32: AtomicInteger {}
extension UInt64: AtomicInteger {}
extension Int64: AtomicInteger {}
extension UInt: AtomicInteger {}
extension Int: AtomicInteger {}

extension AtomicInteger {
  /// Adds, wrapping.
  @inline(__always)
  public mutating func atomicAdd(_ amount: Self) {
    if Self.bitWidth == 64 {
      cbpf_atomic_add64(&self, UInt64(truncatingIfNeeded: amount))
    } else {
      cbpf_atomic_add32(&self, UInt32(truncatingIfNeeded: amount))
    }
  }

  /// Sets bits.
  @inline(__always)
  public mutating func atomicOr(_ bits: Self) {
    if Self.bitWidth == 64 {
      cbpf_atomic_or64(&self, UInt64(truncatingIfNeeded: bits))
    } else {
      cbpf_atomic_or32(&self, UInt32(truncatingIfNeeded: bits))
    }
  }

  /// Clears the bits that are not in `bits`.
  @inline(__always)
  public mutating func atomicAnd(_ bits: Self) {
    if Self.bitWidth == 64 {
      cbpf_atomic_and64(&self, UInt64(truncatingIfNeeded: bits))
    } else {
      cbpf_atomic_and32(&self, UInt32(truncatingIfNeeded: bits))
    }
  }

  /// Inverts bits.
  @inline(__always)
  public mutating func atomicXor(_ bits: Self) {
    if Self.bitWidth == 64 {
      cbpf_atomic_xor64(&self, UInt64(truncatingIfNeeded: bits))
    } else {
      cbpf_atomic_xor32(&self, UInt32(truncatingIfNeeded: bits))
    }
  }

  /// Adds, wrapping; returns what was there before.
  @inline(__always)
  public mutating func atomicFetchAdd(_ amount: Self) -> Self {
    if Self.bitWidth == 64 {
      return Self(truncatingIfNeeded: cbpf_fetch_add64(&self, UInt64(truncatingIfNeeded: amount)))
    } else {
      return Self(truncatingIfNeeded: cbpf_fetch_add32(&self, UInt32(truncatingIfNeeded: amount)))
    }
  }

  /// Sets bits; returns what was there before.
  @inline(__always)
  public mutating func atomicFetchOr(_ bits: Self) -> Self {
    if Self.bitWidth == 64 {
      return Self(truncatingIfNeeded: cbpf_fetch_or64(&self, UInt64(truncatingIfNeeded: bits)))
    } else {
      return Self(truncatingIfNeeded: cbpf_fetch_or32(&self, UInt32(truncatingIfNeeded: bits)))
    }
  }

  /// Clears the bits that are not in `bits`; returns what was there before.
  @inline(__always)
  public mutating func atomicFetchAnd(_ bits: Self) -> Self {
    if Self.bitWidth == 64 {
      return Self(truncatingIfNeeded: cbpf_fetch_and64(&self, UInt64(truncatingIfNeeded: bits)))
    } else {
      return Self(truncatingIfNeeded: cbpf_fetch_and32(&self, UInt32(truncatingIfNeeded: bits)))
    }
  }

  /// Inverts bits; returns what was there before.
  @inline(__always)
  public mutating func atomicFetchXor(_ bits: Self) -> Self {
    if Self.bitWidth == 64 {
      return Self(truncatingIfNeeded: cbpf_fetch_xor64(&self, UInt64(truncatingIfNeeded: bits)))
    } else {
      return Self(truncatingIfNeeded: cbpf_fetch_xor32(&self, UInt32(truncatingIfNeeded: bits)))
    }
  }

  /// Puts a value; returns what was there before.
  @inline(__always)
  public mutating func atomicExchange(_ value: Self) -> Self {
    if Self.bitWidth == 64 {
      return Self(truncatingIfNeeded: cbpf_exchange64(&self, UInt64(truncatingIfNeeded: value)))
    } else {
      return Self(truncatingIfNeeded: cbpf_exchange32(&self, UInt32(truncatingIfNeeded: value)))
    }
  }

  /// Puts `desired` where `expected` is there.
  /// - Returns: what was there before: `expected` where the value was put.
  @inline(__always)
  public mutating func atomicCompareExchange(expected: Self, desired: Self) -> Self {
    if Self.bitWidth == 64 {
      return Self(
        truncatingIfNeeded: cbpf_compare_exchange64(
          &self, UInt64(truncatingIfNeeded: expected), UInt64(truncatingIfNeeded: desired)))
    } else {
      return Self(
        truncatingIfNeeded: cbpf_compare_exchange32(
          &self, UInt32(truncatingIfNeeded: expected), UInt32(truncatingIfNeeded: desired)))
    }
  }
}
