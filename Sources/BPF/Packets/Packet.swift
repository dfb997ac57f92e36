// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Bytes of a packet, from a layer on to the end. The only way in is a check of the bounds, which gives an optional.
/// ```swift
/// guard let ip = ctx.packet.ethernet?.ipv4, let tcp = ip.tcp else { return .pass }
/// ```
@frozen
public struct Packet {
  /// The first byte.
  public let start: UnsafeMutableRawPointer
  /// Behind the last byte.
  public let end: UnsafeMutableRawPointer

  @inline(__always)
  public init(start: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer) {
    self.start = start
    self.end = end
  }

  /// Bytes from ``start`` to ``end``. Of a packet in several parts, only the first lies here.
  @inline(__always)
  public var byteCount: Int { Int(bitPattern: end) &- Int(bitPattern: start) }

  /// A header at an offset in bytes, or `nil` where the packet ends before it does.
  ///
  /// Any `offset` may be asked for; beyond 61440 bytes there is nothing, as the verifier follows no packet much further.
  @inline(__always)
  public func header<Layout: PacketHeader>(_ type: Layout.Type = Layout.self, at offset: Int = 0) -> Header<Layout>? {
    guard let pointer = cbpf_packet_at(start, end, UInt(bitPattern: offset), UInt(MemoryLayout<Layout>.size)) else { return nil }
    return Header(pointer: pointer.assumingMemoryBound(to: Layout.self), end: end)
  }

  /// A value at an offset in bytes, or `nil` past the end.
  @inline(__always)
  public func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, at offset: Int) -> Value? {
    guard let pointer = cbpf_packet_at(start, end, UInt(bitPattern: offset), UInt(MemoryLayout<Value>.size)) else { return nil }
    return pointer.assumingMemoryBound(to: Value.self).pointee
  }

  /// Writes a value at an offset in bytes; `false` where the packet ends before it does.
  @discardableResult @inline(__always)
  public func store<Value: BitwiseCopyable>(_ value: Value, at offset: Int) -> Bool {
    guard let pointer = cbpf_packet_at(start, end, UInt(bitPattern: offset), UInt(MemoryLayout<Value>.size)) else { return false }
    pointer.assumingMemoryBound(to: Value.self).pointee = value
    return true
  }

  /// One byte, or `nil` past the end.
  @inline(__always)
  public subscript(_ offset: Int) -> UInt8? { load(at: offset) }

  /// What is left behind `count` bytes, 61440 at most. Nothing is checked here: reading from it is.
  @inline(__always)
  public func dropFirst(_ count: Int) -> Packet { Packet(start: cbpf_packet_part(start, UInt(bitPattern: count)), end: end) }

  /// A reader that goes through the packet from the front.
  @inline(__always)
  public var cursor: PacketCursor { PacketCursor(rest: self) }
}

/// A header in a packet, where it lies: reads and writes go to the packet. Only a check of the bounds makes one.
@frozen
public struct Header<Layout: PacketHeader> {
  /// Where the header lies.
  public let pointer: UnsafeMutablePointer<Layout>
  /// Behind the packet's last byte.
  public let end: UnsafeMutableRawPointer

  @inline(__always)
  init(pointer: UnsafeMutablePointer<Layout>, end: UnsafeMutableRawPointer) {
    self.pointer = pointer
    self.end = end
  }

  /// All fields; also of headers that a program defines itself: `dns.fields.questions`.
  @inline(__always)
  public var fields: Layout {
    get { pointer.pointee }
    nonmutating _modify { yield &pointer.pointee }
  }

  /// What lies behind the header's fixed part.
  @inline(__always)
  public var following: Packet { Packet(start: UnsafeMutableRawPointer(pointer) + MemoryLayout<Layout>.size, end: end) }
}

/// Reads a packet from the front, header by header.
/// ```swift
/// var cursor = ctx.packet.cursor
/// guard let eth = cursor.next(EthernetHeader.self), eth.type == .ipv4, let ip = cursor.next(IPv4Header.self) else { return .pass }
/// cursor.skip(ip.headerLength - 20)
/// ```
@frozen
public struct PacketCursor {
  /// What was not read yet.
  public var rest: Packet

  @inline(__always)
  init(rest: Packet) { self.rest = rest }

  /// The next header; the cursor goes behind it. `nil` where the packet ends before it does, and the cursor stays.
  @inline(__always)
  public mutating func next<Layout: PacketHeader>(_ type: Layout.Type = Layout.self) -> Header<Layout>? {
    guard let header = rest.header(type) else { return nil }
    rest = header.following
    return header
  }

  /// Goes over bytes; the next read checks the packet's end.
  @inline(__always)
  public mutating func skip(_ count: Int) { rest = rest.dropFirst(count) }
}
