// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Reports every program that is started and every file that is opened, through one ring buffer.
import BPF

let license = License.gpl

enum EventKind: UInt32 { case exec, open }

/// What happened, for whoever reads ``events``.
struct Event: BitwiseCopyable {
  /// Nanoseconds since the system started.
  var time: UInt64
  var pid: UInt32
  var uid: UInt32
  var kind: EventKind.RawValue
  /// Bytes of ``path`` with its zero byte; negative where it could not be read.
  var length: Int32
  var command: InlineArray<16, UInt8>
  var path: InlineArray<128, UInt8>
}

let events = RingBuffer<Event>(byteCount: 1 << 18)
/// Events that no room was left for.
var lost: UInt64 = 0
/// Only this user's events; all for the highest number.
let onlyUser = Setting<UInt32>(.max)

/// What the tracepoint sched_process_exec writes.
struct ProcessExec: BitwiseCopyable {
  var common: UInt64
  /// Where the file name lies in the record: offset in the lower half, length in the upper one.
  var filename: UInt32
  var pid: Int32
  var oldPid: Int32
}

/// A record with what all events have.
func begin(_ kind: EventKind) -> Reservation<Event>? {
  let user = Task.current.uid
  if onlyUser.value != .max, user != onlyUser.value { return nil }
  guard let record = events.reserve() else {
    lost.atomicAdd(1)
    return nil
  }
  record.value.time = Time.monotonic
  record.value.pid = Task.current.pid
  record.value.uid = user
  record.value.kind = kind.rawValue
  Task.current.copyName(into: &record.value.command)
  return record
}

@section("tracepoint/sched/sched_process_exec") @used
func executed(_ ctx: TracepointContext<ProcessExec>) {
  let name = UnsafeRawPointer(ctx.pointer) + Int(ctx.record.filename & 0xffff)
  guard let record = begin(.exec) else { return }
  record.value.length = Int32(truncatingIfNeeded: KernelMemory.copyString(into: &record.value.path, from: name))
  record.submit()
}

@section("tracepoint/syscalls/sys_enter_openat") @used
func opened(_ ctx: SyscallEnterContext) {
  let path = ctx[1]
  guard let record = begin(.open) else { return }
  record.value.length = Int32(truncatingIfNeeded: UserMemory.copyString(into: &record.value.path, from: path))
  record.submit()
}
