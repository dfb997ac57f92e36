// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a netfilter program (`BPF_PROG_TYPE_NETFILTER`, Linux 6.4).
///
/// Section: `netfilter`. The result is a ``NetfilterVerdict``.
@frozen
public struct NetfilterContext: ProgramContext {
  public let pointer: UnsafeMutablePointer<bpf_nf_ctx>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<bpf_nf_ctx>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// The packet, as the kernel holds it (`struct sk_buff`).
  @inline(__always)
  public var buffer: OpaquePointer? { pointer.pointee.skb }

  /// The hook's state, as the kernel holds it (`struct nf_hook_state`).
  @inline(__always)
  public var state: OpaquePointer? { pointer.pointee.state }
}
