// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A struct that lies in packets just as it lies in memory: fixed size, no padding, integers in network byte order (``BigEndian``).
///
/// A program's own headers conform too:
/// ```swift
/// struct DNSHeader: PacketHeader {
///   var identifier: BigEndian<UInt16>, flags: BigEndian<UInt16>
///   var questions: BigEndian<UInt16>, answers: BigEndian<UInt16>, authorities: BigEndian<UInt16>, additional: BigEndian<UInt16>
/// }
/// ```
public protocol PacketHeader: BitwiseCopyable {}

extension PacketHeader {
  /// Bytes of the header.
  @inlinable @inline(__always)
  public static var byteCount: Int { MemoryLayout<Self>.size }
}
