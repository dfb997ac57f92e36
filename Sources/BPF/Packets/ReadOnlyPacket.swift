// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Bytes of a packet that the program may read but not write, from a layer on to the end. As ``Packet`` otherwise.
@frozen
public struct ReadOnlyPacket {
  /// The first byte.
  public let start: UnsafeRawPointer
  /// Behind the last byte.
  public let end: UnsafeRawPointer

  @inline(__always)
  public init(start: UnsafeRawPointer, end: UnsafeRawPointer) {
    self.start = start
    self.end = end
  }

  /// Bytes from ``start`` to ``end``. Of a packet in several parts, only the first lies here.
  @inline(__always)
  public var byteCount: Int { Int(bitPattern: end) &- Int(bitPattern: start) }

  /// A header at an offset in bytes, or `nil` where the packet ends before it does.
  @inline(__always)
  public func header<Layout: PacketHeader>(_ type: Layout.Type = Layout.self, at offset: Int = 0) -> ReadOnlyHeader<Layout>? {
    guard let pointer = at(offset, MemoryLayout<Layout>.size) else { return nil }
    return ReadOnlyHeader(pointer: pointer.assumingMemoryBound(to: Layout.self), end: end)
  }

  /// A value at an offset in bytes, or `nil` past the end.
  @inline(__always)
  public func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, at offset: Int) -> Value? {
    at(offset, MemoryLayout<Value>.size)?.assumingMemoryBound(to: Value.self).pointee
  }

  /// One byte, or `nil` past the end.
  @inline(__always)
  public subscript(_ offset: Int) -> UInt8? { load(at: offset) }

  /// What is left behind `count` bytes, 61440 at most. Nothing is checked here: reading from it is.
  @inline(__always)
  public func dropFirst(_ count: Int) -> ReadOnlyPacket {
    ReadOnlyPacket(start: UnsafeRawPointer(cbpf_packet_part(start, UInt(bitPattern: count))), end: end)
  }

  @inline(__always)
  func at(_ offset: Int, _ size: Int) -> UnsafeRawPointer? {
    guard
      let pointer = cbpf_packet_at(
        UnsafeMutableRawPointer(mutating: start), UnsafeMutableRawPointer(mutating: end), UInt(bitPattern: offset), UInt(bitPattern: size))
    else { return nil }
    return UnsafeRawPointer(pointer)
  }
}

/// A header in a packet that the program may read but not write. Only a check of the bounds makes one.
@frozen
public struct ReadOnlyHeader<Layout: PacketHeader> {
  /// Where the header lies.
  public let pointer: UnsafePointer<Layout>
  /// Behind the packet's last byte.
  public let end: UnsafeRawPointer

  @inline(__always)
  init(pointer: UnsafePointer<Layout>, end: UnsafeRawPointer) {
    self.pointer = pointer
    self.end = end
  }

  /// All fields; also of headers that a program defines itself.
  @inline(__always)
  public var fields: Layout { pointer.pointee }

  /// What lies behind the header's fixed part.
  @inline(__always)
  public var following: ReadOnlyPacket { ReadOnlyPacket(start: UnsafeRawPointer(pointer) + MemoryLayout<Layout>.size, end: end) }
}
