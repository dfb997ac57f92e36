// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// What a member of a kernel's structure can be read as: an integer, a `Bool`, an enumeration, a pointer.
public protocol KernelValue {
  /// Reads one; zero at null.
  static func _load(maybe address: UnsafeRawPointer?) -> Self
  /// Which type stands for it in the object: bytes, 64 more for a signed one, 128 for a `Bool`, 256 for a pointer.
  static var _code: UInt32 { get }
}

/// What the elements of an array in a kernel's structure are.
public protocol KernelElement {
  /// Reads the element at an index that is inside.
  static func _element(of array: UnsafeRawPointer?, at index: Int) -> Self
  /// Bytes from one to the next.
  static var _stride: Int { get }
}

extension KernelElement where Self: KernelValue {
  @inline(__always)
  public static func _element(of array: UnsafeRawPointer?, at index: Int) -> Self { _load(maybe: _coreElement(array, index, _stride)) }
  @inline(__always)
  public static var _stride: Int { MemoryLayout<Self>.stride }
}

/// What a pointer in a kernel's structure can be read as.
public protocol KernelPointer {}

extension UnsafeRawPointer: KernelPointer {}

extension Optional: KernelValue where Wrapped: KernelPointer {
  @inline(__always)
  public static func _load(maybe address: UnsafeRawPointer?) -> Self { unsafeBitCast(_coreLoadPointer(maybe: address), to: Self.self) }
  @inline(__always)
  public static var _code: UInt32 { 264 }
}

extension Optional: KernelElement where Wrapped: KernelPointer {}

extension UInt8: KernelValue, KernelElement {
  @inline(__always)
  public static func _load(maybe address: UnsafeRawPointer?) -> UInt8 { _coreLoad8(maybe: address) }
  @inline(__always)
  public static var _code: UInt32 { 1 }
}

extension UInt16: KernelValue, KernelElement {
  @inline(__always)
  public static func _load(maybe address: UnsafeRawPointer?) -> UInt16 { _coreLoad16(maybe: address) }
  @inline(__always)
  public static var _code: UInt32 { 2 }
}

extension UInt32: KernelValue, KernelElement {
  @inline(__always)
  public static func _load(maybe address: UnsafeRawPointer?) -> UInt32 { _coreLoad32(maybe: address) }
  @inline(__always)
  public static var _code: UInt32 { 4 }
}

extension UInt64: KernelValue, KernelElement {
  @inline(__always)
  public static func _load(maybe address: UnsafeRawPointer?) -> UInt64 { _coreLoad64(maybe: address) }
  @inline(__always)
  public static var _code: UInt32 { 8 }
}

extension Int8: KernelValue, KernelElement {
  @inline(__always)
  public static func _load(maybe address: UnsafeRawPointer?) -> Int8 { Int8(bitPattern: _coreLoad8(maybe: address)) }
  @inline(__always)
  public static var _code: UInt32 { 65 }
}

extension Int16: KernelValue, KernelElement {
  @inline(__always)
  public static func _load(maybe address: UnsafeRawPointer?) -> Int16 { Int16(bitPattern: _coreLoad16(maybe: address)) }
  @inline(__always)
  public static var _code: UInt32 { 66 }
}

extension Int32: KernelValue, KernelElement {
  @inline(__always)
  public static func _load(maybe address: UnsafeRawPointer?) -> Int32 { Int32(bitPattern: _coreLoad32(maybe: address)) }
  @inline(__always)
  public static var _code: UInt32 { 68 }
}

extension Int64: KernelValue, KernelElement {
  @inline(__always)
  public static func _load(maybe address: UnsafeRawPointer?) -> Int64 { Int64(bitPattern: _coreLoad64(maybe: address)) }
  @inline(__always)
  public static var _code: UInt32 { 72 }
}

extension Bool: KernelValue, KernelElement {
  @inline(__always)
  public static func _load(maybe address: UnsafeRawPointer?) -> Bool { _coreLoad8(maybe: address) != 0 }
  @inline(__always)
  public static var _code: UInt32 { 129 }
}
