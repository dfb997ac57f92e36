// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Stack traces by their number (`BPF_MAP_TYPE_STACK_TRACE`): up to `Depth` return addresses each.
public struct StackTraceMap: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Room for `maxEntries` traces of up to `depth` addresses, 127 at most.
  @inline(__always)
  public init(maxEntries: Int, depth: Int = 127, flags: MapFlags = [], pinning: Pinning = .none) {
    anchor = MapAnchor(
      MapDefinition(MapType(7), key: 4, value: depth &* 8, maxEntries: maxEntries, MapOptions(flags: flags, pinning: pinning)))
  }

  /// Keeps the stack of the program's event; the trace's number, or a negative errno (`bpf_get_stackid`).
  /// - Parameters:
  ///   - user: the stack in user space, else that in the kernel.
  ///   - skip: frames at the top to leave out.
  @inline(__always)
  public func capture(_ context: some TracingContext, user: Bool = false, skip: UInt8 = 0, reuseSlots: Bool = false) -> Int {
    bpf_get_stackid(context.rawPointer, anchor.pointer, UInt64(skip) | (user ? 256 : 0) | (reuseSlots ? 1024 : 0))
  }
}
