// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a traffic-control program: a packet of the network stack (`struct __sk_buff`).
///
/// Sections: `tc`, `tcx/ingress`, `tcx/egress`, `classifier`, `action`. The result is a ``TCAction``.
@frozen
public struct TCContext: PacketContext {
  public let pointer: UnsafeMutablePointer<__sk_buff>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<__sk_buff>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  @inline(__always)
  public var packet: Packet { Packet(start: cbpf_skb_data(pointer), end: cbpf_skb_data_end(pointer)) }

  /// Bytes of the packet.
  @inline(__always)
  public var byteCount: UInt32 { pointer.pointee.len }

  /// The mark, which routing and netfilter can see.
  @inline(__always)
  public var mark: UInt32 {
    get { pointer.pointee.mark }
    nonmutating set { pointer.pointee.mark = newValue }
  }
}
