// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of an XDP program: a packet as the driver received it (`struct xdp_md`).
///
/// Sections: `xdp`, `xdp.frags` (packets in several parts), `xdp/devmap`, `xdp/cpumap`. The result is an ``XDPAction``.
@frozen
public struct XDPContext: PacketContext {
  public let pointer: UnsafeMutablePointer<xdp_md>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<xdp_md>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  @inline(__always)
  public var packet: Packet { Packet(start: cbpf_xdp_data(pointer), end: cbpf_xdp_data_end(pointer)) }

  /// The index of the interface that the packet came in on.
  @inline(__always)
  public var ingressInterface: UInt32 { pointer.pointee.ingress_ifindex }

  /// The receive queue that the packet came in on.
  @inline(__always)
  public var receiveQueue: UInt32 { pointer.pointee.rx_queue_index }

  /// The index of the interface that the packet goes out of: only in section `xdp/devmap`.
  @inline(__always)
  public var egressInterface: UInt32 { pointer.pointee.egress_ifindex }
}
