// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A port of TCP, UDP or SCTP, in network byte order.
@frozen
public struct Port: BitwiseCopyable, Hashable, Sendable, ExpressibleByIntegerLiteral {
  /// The bytes as they lie in memory, read in the processor's order.
  public var bytes: UInt16

  @inlinable @inline(__always)
  public init(bytes: UInt16) { self.bytes = bytes }

  /// The port with this number.
  @inlinable @inline(__always)
  public init(_ value: UInt16) { bytes = value.bigEndian }

  @inlinable @inline(__always)
  public init(integerLiteral value: UInt16) { self.init(value) }

  /// The number.
  @inlinable @inline(__always)
  public var value: UInt16 {
    get { UInt16(bigEndian: bytes) }
    set { bytes = newValue.bigEndian }
  }

  @inlinable @inline(__always)
  public static func == (a: Port, b: Port) -> Bool { a.bytes == b.bytes }

  /// Whether a port is in a range: `if case 1024...4999 = udp.sourcePort`.
  @inlinable @inline(__always)
  public static func ~= (range: ClosedRange<UInt16>, port: Port) -> Bool { range.contains(port.value) }
}

// Some well-known ports (IANA, Service Name and Transport Protocol Port Number Registry).
extension Port {
  @inlinable @inline(__always)
  public static var discard: Port { 9 }
  @inlinable @inline(__always)
  public static var ssh: Port { 22 }
  @inlinable @inline(__always)
  public static var dns: Port { 53 }
  @inlinable @inline(__always)
  public static var dhcpServer: Port { 67 }
  @inlinable @inline(__always)
  public static var dhcpClient: Port { 68 }
  @inlinable @inline(__always)
  public static var http: Port { 80 }
  @inlinable @inline(__always)
  public static var ntp: Port { 123 }
  @inlinable @inline(__always)
  public static var https: Port { 443 }
  @inlinable @inline(__always)
  public static var vxlan: Port { 4789 }
  @inlinable @inline(__always)
  public static var geneve: Port { 6081 }
}

#if !hasFeature(Embedded)
extension Port: CustomStringConvertible {
  public var description: String { String(value) }
}
#endif
