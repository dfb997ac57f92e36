// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Perf events, by processor: for records to user space, and for counters (`BPF_MAP_TYPE_PERF_EVENT_ARRAY`). The application fills it.
public struct PerfEventArray<Record: BitwiseCopyable>: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// Events for `count` processors; 0: for all that there are, which the loader fills in.
  @inline(__always)
  public init(count: Int = 0, flags: MapFlags = [], pinning: Pinning = .none) {
    anchor = MapAnchor(MapDefinition(MapType(4), key: 4, value: 4, maxEntries: count, MapOptions(flags: flags, pinning: pinning)))
  }

  /// Puts a record into this processor's buffer (`bpf_perf_event_output`).
  /// - Parameter packetBytes: how many of the context's packet bytes follow the record (XDP and traffic control).
  @discardableResult @inline(__always)
  public func output(_ context: some ProgramContext, _ record: Record, packetBytes: UInt32 = 0) -> Bool {
    withZeroPadded(record) {
      bpf_perf_event_output(
        context.rawPointer, anchor.pointer, UInt64(packetBytes) << 32 | 0xFFFF_FFFF, $0, UInt64(MemoryLayout<Record>.stride)) == 0
    }
  }

  /// The counter of a processor's event, or of this one's (`bpf_perf_event_read_value`).
  @inline(__always)
  public func readCounter(cpu: UInt32? = nil) -> bpf_perf_event_value? {
    var value = bpf_perf_event_value()
    return bpf_perf_event_read_value(
      anchor.pointer, cpu.map(UInt64.init) ?? 0xFFFF_FFFF, &value, UInt32(MemoryLayout<bpf_perf_event_value>.size)) == 0 ? value : nil
  }
}
