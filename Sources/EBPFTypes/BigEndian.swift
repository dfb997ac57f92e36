// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// An integer as it lies in a packet: in network byte order. Reads and writes go through ``value``, in the processor's order.
///
/// It compares with literals directly: `header.length == 20`.
@frozen
public struct BigEndian<Value: FixedWidthInteger & BitwiseCopyable>: BitwiseCopyable {
  /// The bytes as they lie in memory, read in the processor's order.
  public var bytes: Value

  /// The integer with these bytes in memory.
  @inlinable @inline(__always)
  public init(bytes: Value) { self.bytes = bytes }

  /// The integer with this value.
  @inlinable @inline(__always)
  public init(_ value: Value) { bytes = value.bigEndian }

  /// The value, in the processor's byte order.
  @inlinable @inline(__always)
  public var value: Value {
    get { Value(bigEndian: bytes) }
    set { bytes = newValue.bigEndian }
  }
}

extension BigEndian: Sendable where Value: Sendable {}

extension BigEndian: Hashable {
  @inlinable @inline(__always)
  public static func == (a: BigEndian, b: BigEndian) -> Bool { a.bytes == b.bytes }
}

extension BigEndian: Comparable {
  @inlinable @inline(__always)
  public static func < (a: BigEndian, b: BigEndian) -> Bool { a.value < b.value }
}

extension BigEndian: ExpressibleByIntegerLiteral {
  @inlinable @inline(__always)
  public init(integerLiteral value: Value.IntegerLiteralType) { self.init(Value(integerLiteral: value)) }
}

#if !hasFeature(Embedded)
extension BigEndian: CustomStringConvertible {
  public var description: String { String(value) }
}
#endif
