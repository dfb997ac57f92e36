// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program of a perf event: a sample (`struct bpf_perf_event_data`).
///
/// Section: `perf_event`.
/// ```swift
/// @section("perf_event") @used
/// func sampled(_ ctx: PerfEventContext) { samples.count(Task.current.pid) }
/// ```
@frozen
public struct PerfEventContext: TracingContext {
  public let pointer: UnsafeMutablePointer<bpf_perf_event_data>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<bpf_perf_event_data>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// Events between two samples.
  @inline(__always)
  public var samplePeriod: UInt64 { pointer.pointee.sample_period }
  /// The address that the event is about, if any.
  @inline(__always)
  public var address: UInt64 { pointer.pointee.addr }
  /// Where the processor was.
  @inline(__always)
  public var instructionPointer: UInt64 { withUnsafePointer(to: &pointer.pointee.regs) { cbpf_instruction_pointer($0) } }

  /// The counter of the event (`bpf_perf_prog_read_value`).
  @inline(__always)
  public var counter: bpf_perf_event_value? {
    var value = bpf_perf_event_value()
    return bpf_perf_prog_read_value(pointer, &value, UInt32(MemoryLayout<bpf_perf_event_value>.size)) == 0 ? value : nil
  }
}
