// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// An array of programs to go on to (`BPF_MAP_TYPE_PROG_ARRAY`). The application fills it.
public struct ProgramArray: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// An array of `count` slots, all empty.
  @inline(__always)
  public init(count: Int, flags: MapFlags = [], pinning: Pinning = .none) {
    anchor = MapAnchor(MapDefinition(MapType(3), key: 4, value: 4, maxEntries: count, MapOptions(flags: flags, pinning: pinning)))
  }

  /// Goes on to the program in a slot, which ends this one; what follows runs only where the slot is empty or 33 programs went on already
  /// (`bpf_tail_call`).
  @inline(__always)
  public func tailCall(_ context: some ProgramContext, _ index: UInt32) {
    _ = bpf_tail_call(UnsafeMutableRawPointer(context.rawPointer), anchor.pointer, index)
  }
}
