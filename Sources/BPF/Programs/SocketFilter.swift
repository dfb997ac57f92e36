// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a socket filter (`BPF_PROG_TYPE_SOCKET_FILTER`). The packet is read with ``SocketBufferContext/load(_:at:)``; it has no bytes in place.
///
/// Section: `socket`. The result is how many bytes of the packet are kept: 0 drops it, `UInt32.max` keeps all.
/// ```swift
/// @section("socket") @used
/// func onlyTCP(_ ctx: SocketFilterContext) -> UInt32 {
///   ctx.load(UInt8.self, at: 23) == IPProtocol.tcp.rawValue ? .max : 0
/// }
/// ```
@frozen
public struct SocketFilterContext: SocketBufferContext {
  public let pointer: UnsafeMutablePointer<__sk_buff>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<__sk_buff>) { self.pointer = pointer }

  /// The mark, which routing and netfilter can see.
  @inline(__always)
  public var mark: UInt32 { pointer.pointee.mark }

  /// The priority, by which queueing disciplines choose a class.
  @inline(__always)
  public var priority: UInt32 { pointer.pointee.priority }

  /// The index that traffic control left (`tc_index`).
  @inline(__always)
  public var index: UInt32 { pointer.pointee.tc_index }

  /// The queue, from 1 on; 0 where none is chosen.
  @inline(__always)
  public var queueMapping: UInt32 { pointer.pointee.queue_mapping }
}
