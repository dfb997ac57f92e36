// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program that finds a packet's addresses and ports for the kernel (`BPF_PROG_TYPE_FLOW_DISSECTOR`).
///
/// Section: `flow_dissector`. The result is a ``DissectorAction``.
@frozen
public struct FlowDissectorContext: ReadablePacketContext {
  public let pointer: UnsafeMutablePointer<__sk_buff>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<__sk_buff>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  @inline(__always)
  public var packet: ReadOnlyPacket { ReadOnlyPacket(start: cbpf_skb_data(pointer), end: cbpf_skb_data_end(pointer)) }

  /// What was found, and where to go on: `nhoff` and `thoff` are offsets of the network and transport header.
  @inline(__always)
  public var keys: UnsafeMutablePointer<bpf_flow_keys> { pointer.pointee.flow_keys.unsafelyUnwrapped }
}

/// What a flow dissector says of a packet (`enum bpf_ret_code`).
@frozen
public struct DissectorAction: RawRepresentable, BitwiseCopyable, Equatable {
  public let rawValue: Int32

  @inline(__always)
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// The keys are filled in.
  @inline(__always)
  public static var ok: DissectorAction { DissectorAction(rawValue: 0) }
  /// The packet could not be read.
  @inline(__always)
  public static var drop: DissectorAction { DissectorAction(rawValue: 2) }
  /// The kernel's own dissector is to do it (`BPF_FLOW_DISSECTOR_CONTINUE`).
  @inline(__always)
  public static var `continue`: DissectorAction { DissectorAction(rawValue: 129) }
}
