// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Control groups by index (`BPF_MAP_TYPE_CGROUP_ARRAY`). The application fills it.
public struct CgroupArray: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Room for `count` control groups.
  @inline(__always)
  public init(count: Int, flags: MapFlags = [], pinning: Pinning = .none) {
    anchor = MapAnchor(MapDefinition(MapType(8), key: 4, value: 4, maxEntries: count, MapOptions(flags: flags, pinning: pinning)))
  }

  /// Whether the task that is running belongs to a group or one below it (`bpf_current_task_under_cgroup`).
  @inline(__always)
  public func containsCurrentTask(_ index: UInt32) -> Bool { bpf_current_task_under_cgroup(anchor.pointer, index) == 1 }

  /// Whether the packet's socket belongs to a group or one below it (`bpf_skb_under_cgroup`).
  @inline(__always)
  public func contains(_ context: TCContext, _ index: UInt32) -> Bool {
    bpf_skb_under_cgroup(context.pointer, anchor.pointer, index) == 1
  }
}

/// A value of the control group that the program is attached to (`BPF_MAP_TYPE_CGROUP_STORAGE`).
public struct AttachedCgroupStorage<Value: BitwiseCopyable>: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// - Parameter perCPU: one value for each processor (`BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE`).
  @inline(__always)
  public init(perCPU: Bool = false) {
    anchor = MapAnchor(MapDefinition(MapType(perCPU ? 21 : 19), key: 16, value: MemoryLayout<Value>.stride, maxEntries: 0))
  }

  /// The value, which is always there (`bpf_get_local_storage`).
  @inline(__always)
  public var value: MapValue<Value> { MapValue(bpf_get_local_storage(anchor.pointer, 0).unsafelyUnwrapped) }
}
