// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Gives `body` a copy of a value in memory whose padding is zero: maps compare keys byte by byte, and what a program's stack held before
/// must not reach other readers.
@inline(__always)
func withZeroPadded<Value: BitwiseCopyable, Result: ~Copyable>(_ value: Value, _ body: (UnsafeRawPointer) -> Result) -> Result {
  withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { buffer in
    let pointer = buffer.baseAddress.unsafelyUnwrapped
    pointer.initialize(to: value)
    zeroPadding(of: pointer)
    return body(UnsafeRawPointer(pointer))
  }
}

/// Zeroes the bytes of a value that belong to none of its fields: between them, and up to its stride.
@inline(__always)
func zeroPadding<Value: BitwiseCopyable>(of pointer: UnsafeMutablePointer<Value>) {
  #if hasFeature(Embedded)
  zeroGaps(of: pointer)
  if MemoryLayout<Value>.size != MemoryLayout<Value>.stride {
    cbpf_zero(
      UnsafeMutableRawPointer(pointer) + MemoryLayout<Value>.size, UInt(bitPattern: MemoryLayout<Value>.stride &- MemoryLayout<Value>.size))
  }
  #else
  zeroPadding(of: Value.self, at: pointer)
  #endif
}

/// Gives `body` zeroed memory for a value, which it may fill.
@inline(__always)
func withZeroed<Value: BitwiseCopyable, Result: ~Copyable>(_ type: Value.Type, _ body: (UnsafeMutablePointer<Value>) -> Result) -> Result {
  withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { buffer in
    let pointer = buffer.baseAddress.unsafelyUnwrapped
    cbpf_zero(pointer, UInt(MemoryLayout<Value>.stride))
    return body(pointer)
  }
}

/// Whether an update may create or replace an element (`BPF_ANY`, `BPF_NOEXIST`, `BPF_EXIST`).
@frozen
public struct UpdateMode: BitwiseCopyable {
  let rawValue: UInt64
  @inline(__always)
  init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// Creates or replaces.
  @inline(__always)
  public static var any: UpdateMode { UpdateMode(0) }
  /// Only creates.
  @inline(__always)
  public static var create: UpdateMode { UpdateMode(1) }
  /// Only replaces.
  @inline(__always)
  public static var replace: UpdateMode { UpdateMode(2) }
}

/// The value of a map's element, where it lies: reads and writes go to the map. Only a lookup that found the element makes one.
///
/// The memory stays the map's while the program runs. Several programs may use it at once: use atomic operations, or a ``SpinLock``.
@frozen
public struct MapValue<Value: BitwiseCopyable> {
  /// Where the value lies.
  public let pointer: UnsafeMutablePointer<Value>

  @inline(__always)
  init(_ pointer: UnsafeMutablePointer<Value>) { self.pointer = pointer }

  @inline(__always)
  init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer.assumingMemoryBound(to: Value.self) }

  /// The value; fields can be read and written one by one: `slot.value.packets &+= 1`.
  @inline(__always)
  public var value: Value {
    get { pointer.pointee }
    nonmutating _modify { yield &pointer.pointee }
  }
}

extension MapValue where Value: AtomicInteger {
  /// Adds atomically.
  @inline(__always)
  public func add(_ amount: Value) { pointer.pointee.atomicAdd(amount) }
}

/// The key of a map's element, where it lies in the map.
@frozen
public struct MapKey<Key: BitwiseCopyable> {
  /// Where the key lies.
  public let pointer: UnsafePointer<Key>

  @inline(__always)
  init(pointer: UnsafePointer<Key>) { self.pointer = pointer }

  /// The key.
  @inline(__always)
  public var value: Key { pointer.pointee }
}
