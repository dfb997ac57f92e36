// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program that chooses among the sockets that share a port (`BPF_PROG_TYPE_SK_REUSEPORT`). The packet begins with the transport header.
///
/// Sections: `sk_reuseport`, `sk_reuseport/migrate`. The result is a ``SocketVerdict``.
@frozen
public struct ReuseportContext: ReadablePacketContext {
  public let pointer: UnsafeMutablePointer<sk_reuseport_md>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<sk_reuseport_md>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  @inline(__always)
  public var packet: ReadOnlyPacket {
    ReadOnlyPacket(start: pointer.pointee.data.unsafelyUnwrapped, end: pointer.pointee.data_end.unsafelyUnwrapped)
  }

  /// Bytes of the packet, from the transport header on.
  @inline(__always)
  public var byteCount: UInt32 { pointer.pointee.len }

  /// The network layer.
  @inline(__always)
  public var etherType: EtherType { EtherType(bytes: UInt16(truncatingIfNeeded: pointer.pointee.eth_protocol)) }

  /// The transport layer.
  @inline(__always)
  public var ipProtocol: IPProtocol { IPProtocol(rawValue: UInt8(truncatingIfNeeded: pointer.pointee.ip_protocol)) }

  /// A hash of addresses and ports.
  @inline(__always)
  public var hash: UInt32 { pointer.pointee.hash }

  /// Whether the sockets are bound to the wildcard address.
  @inline(__always)
  public var isBoundToAny: Bool { pointer.pointee.bind_inany != 0 }

  /// Whether sockets move: a listener is closed and its connections look for another (section `sk_reuseport/migrate`).
  @inline(__always)
  public var isMigration: Bool { pointer.pointee.migrating_sk != nil }

  /// Chooses the socket under a key (`bpf_sk_select_reuseport`). `false` where there is none.
  @inline(__always)
  public func select(_ key: UInt32, in sockets: borrowing ReuseportSocketArray) -> Bool {
    var key = key
    return bpf_sk_select_reuseport(pointer, sockets.anchor.pointer, &key, 0) == 0
  }
}
