// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// An enumeration of the kernel. Its values are those of the kernel that the program is loaded into.
public protocol KernelEnumeration: RawRepresentable, Equatable, BitwiseCopyable, KernelValue, KernelElement
where RawValue: FixedWidthInteger & KernelValue {
  init(rawValue: RawValue)
  static func _enumerator(_ name: UnsafePointer<UInt8>, _ count: Int, _ what: UInt32) -> UInt64
}

extension KernelEnumeration {
  @inline(__always)
  public static func _load(maybe address: UnsafeRawPointer?) -> Self { Self(rawValue: RawValue._load(maybe: address)) }
  @inline(__always)
  public static var _code: UInt32 { RawValue._code }
  @inline(__always)
  public static func == (a: Self, b: Self) -> Bool { a.rawValue == b.rawValue }

  /// An enumerator by its name, to ask about or for its value: `pid_type.enumerator("PIDTYPE_TGID").exists`. The name must be written as it
  /// stands here, in quotes.
  @inline(__always)
  public static func enumerator(_ name: StaticString) -> KernelEnumerator<Self> {
    KernelEnumerator(name: name.utf8Start, count: name.utf8CodeUnitCount)
  }
}

/// What the kernel that the program is loaded into says of an enumerator.
@frozen
public struct KernelEnumerator<Enumeration: KernelEnumeration> {
  let name: UnsafePointer<UInt8>
  let count: Int

  @inline(__always)
  init(name: UnsafePointer<UInt8>, count: Int) {
    self.name = name
    self.count = count
  }

  /// Whether it has it.
  @inline(__always)
  public var exists: Bool { Enumeration._enumerator(name, count, 0) != 0 }
  /// Its value there.
  @inline(__always)
  public var value: Enumeration { Enumeration(rawValue: Enumeration.RawValue(truncatingIfNeeded: Enumeration._enumerator(name, count, 1))) }
}
