// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
import Builtin

/// A constant of a program that the application may set before it loads the program.
///
/// It lies in `.rodata` under its name. When the program is verified the value is known, so that code behind a setting that is off costs nothing.
/// ```swift
/// let targetPort = Setting<UInt16>(443)
/// …
/// if tcp.destinationPort.value == targetPort.value { … }
/// ```
/// Unchecked, because raw storage is sendable to nobody: programs only read it, and the application sets it before it loads them.
@_rawLayout(like: Value, movesAsLike)
public struct Setting<Value: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  /// A setting that has this value until an application says another.
  @inline(__always)
  public init(_ value: Value) { address.initialize(to: value) }

  @inline(__always)
  var address: UnsafeMutablePointer<Value> { UnsafeMutablePointer(Builtin.unprotectedAddressOfBorrow(self)) }

  /// The value, read when this is evaluated: the compiler does not take the initial value for granted.
  @inline(__always)
  public var value: Value {
    #if hasFeature(Embedded)
    volatileLoad(UnsafeRawPointer(address))
    #else
    volatileLoad(cbpf_setting(UnsafeRawPointer(address)))
    #endif
  }
}

/// Reads exactly once, where this is called. Values of other sizes than 1, 2, 4 and 8 are read through a pointer of which the compiler
/// knows nothing.
@inline(__always)
func volatileLoad<Value: BitwiseCopyable>(_ address: UnsafeRawPointer) -> Value {
  if MemoryLayout<Value>.size == 1 {
    var word = cbpf_load8(address)
    return withUnsafeBytes(of: &word) { $0.loadUnaligned(as: Value.self) }
  }
  if MemoryLayout<Value>.size == 2, MemoryLayout<Value>.alignment == 2 {
    var word = cbpf_load16(address)
    return withUnsafeBytes(of: &word) { $0.loadUnaligned(as: Value.self) }
  }
  if MemoryLayout<Value>.size == 4, MemoryLayout<Value>.alignment == 4 {
    var word = cbpf_load32(address)
    return withUnsafeBytes(of: &word) { $0.loadUnaligned(as: Value.self) }
  }
  if MemoryLayout<Value>.size == 8, MemoryLayout<Value>.alignment == 8 {
    var word = cbpf_load64(address)
    return withUnsafeBytes(of: &word) { $0.loadUnaligned(as: Value.self) }
  }
  return UnsafeRawPointer(cbpf_opaque_pointer(UnsafeMutableRawPointer(mutating: address))).assumingMemoryBound(to: Value.self).pointee
}
