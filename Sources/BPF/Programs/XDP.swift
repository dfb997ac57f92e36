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

extension XDPContext: SocketLookupContext, RoutingContext {
  /// Bytes that the program put before the packet (`bpf_xdp_adjust_meta`).
  @inline(__always)
  public var metadata: Packet { Packet(start: cbpf_xdp_data_meta(pointer), end: cbpf_xdp_data(pointer)) }

  /// Bytes of the packet with all its parts (`bpf_xdp_get_buff_len`).
  @inline(__always)
  public var byteCount: UInt64 { bpf_xdp_get_buff_len(pointer) }

  /// Moves the packet's start by `difference` bytes: a negative one makes room for headers. Take ``packet`` again (`bpf_xdp_adjust_head`).
  @inline(__always)
  public func adjustHead(by difference: Int32) -> Bool { bpf_xdp_adjust_head(pointer, difference) == 0 }

  /// Moves the packet's end by `difference` bytes. Take ``packet`` again (`bpf_xdp_adjust_tail`).
  @inline(__always)
  public func adjustTail(by difference: Int32) -> Bool { bpf_xdp_adjust_tail(pointer, difference) == 0 }

  /// Moves the start of ``metadata`` by `difference` bytes: -4 makes room for a word. Take ``packet`` again (`bpf_xdp_adjust_meta`).
  @inline(__always)
  public func adjustMetadata(by difference: Int32) -> Bool { bpf_xdp_adjust_meta(pointer, difference) == 0 }

  /// Copies a value at an offset out of the packet, in whichever part it is; `nil` past the end (`bpf_xdp_load_bytes`).
  @inline(__always)
  public func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, at offset: Int) -> Value? {
    withZeroed(Value.self) { buffer in
      bpf_xdp_load_bytes(pointer, UInt32(truncatingIfNeeded: offset), buffer, UInt32(MemoryLayout<Value>.size)) == 0
        ? buffer.pointee : nil
    }
  }

  /// Writes a value at an offset, in whichever part it is (`bpf_xdp_store_bytes`).
  @inline(__always)
  public func store<Value: BitwiseCopyable>(_ value: Value, at offset: Int) -> Bool {
    withZeroPadded(value) {
      bpf_xdp_store_bytes(pointer, UInt32(truncatingIfNeeded: offset), $0, UInt32(MemoryLayout<Value>.size)) == 0
    }
  }

  /// What to return so that the packet goes out of an interface (`bpf_redirect`).
  @inline(__always)
  public static func redirect(to interface: UInt32) -> XDPAction {
    XDPAction(rawValue: UInt32(truncatingIfNeeded: bpf_redirect(interface, 0)))
  }
}
