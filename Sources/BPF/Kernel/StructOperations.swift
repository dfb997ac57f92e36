// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A table of functions that the kernel calls in the place of its own (`BPF_MAP_TYPE_STRUCT_OPS`), such as a TCP congestion control.
///
/// Its functions are the programs whose sections name the table and the member, and its name, where it has one, is the variable's.
/// ```swift
/// let swift_reno = StructOperations<tcp_congestion_ops>()
///
/// @section("struct_ops/swift_reno.ssthresh") @used
/// func threshold(_ ctx: StructOperationContext) -> UInt32 {
///   guard let socket = ctx.pointer(0, to: tcp_sock.self) else { return 2 }
///   return max(socket.snd_cwnd / 2, 2)
/// }
/// ```
@frozen
public struct StructOperations<Table: KernelObject>: BitwiseCopyable, Sendable {
  let flags: UInt32
  let isLinked: UInt32

  /// A table.
  /// - Parameters:
  ///   - flags: The table's member `flags`.
  ///   - isLinked: Whether it is registered by a link, and not as soon as it is loaded (Linux 6.4).
  @inline(__always)
  public init(flags: UInt32 = 0, isLinked: Bool = false) {
    self.flags = flags
    self.isLinked = isLinked ? 1 : 0
  }
}
