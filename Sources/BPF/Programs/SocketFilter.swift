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

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// The mark, which routing and netfilter can see.
  @inline(__always)
  public var mark: UInt32 { pointer.pointee.mark }

  /// The priority, by which queueing disciplines choose a class.
  @inline(__always)
  public var priority: UInt32 { pointer.pointee.priority }

  /// One of five words, 0 to 4, that programs on the same packet can leave for each other (`cb`).
  @inline(__always)
  public subscript(scratch index: Int) -> UInt32 {
    get {
      switch index {
      case 0: pointer.pointee.cb.0
      case 1: pointer.pointee.cb.1
      case 2: pointer.pointee.cb.2
      case 3: pointer.pointee.cb.3
      default: pointer.pointee.cb.4
      }
    }
    nonmutating set {
      switch index {
      case 0: pointer.pointee.cb.0 = newValue
      case 1: pointer.pointee.cb.1 = newValue
      case 2: pointer.pointee.cb.2 = newValue
      case 3: pointer.pointee.cb.3 = newValue
      default: pointer.pointee.cb.4 = newValue
      }
    }
  }

  /// The index that traffic control left (`tc_index`).
  @inline(__always)
  public var index: UInt32 { pointer.pointee.tc_index }

  /// The queue, from 1 on; 0 where none is chosen.
  @inline(__always)
  public var queueMapping: UInt32 { pointer.pointee.queue_mapping }

  /// Segments that the packet will be cut into.
  @inline(__always)
  public var segmentCount: UInt32 { pointer.pointee.gso_segs }

  /// Bytes of a segment that the packet will be cut into; 0 where it is one.
  @inline(__always)
  public var segmentSize: UInt32 { pointer.pointee.gso_size }

  /// The receive context of the driver (`napi_id`).
  @inline(__always)
  public var napiID: UInt32 { pointer.pointee.napi_id }
}
