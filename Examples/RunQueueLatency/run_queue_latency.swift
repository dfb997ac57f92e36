// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// How long tasks that could run waited for a processor, as a histogram of powers of two in microseconds.
import BPF

let license = License.gpl

/// When a task was woken, in nanoseconds, by its thread.
let woken = HashMap<Int32, UInt64>(maxEntries: 10240)
/// Waits by their length: below 1 µs, below 2, below 4 and so on.
let histogram = ArrayMap<UInt64>(count: 32)

struct Wakeup: BitwiseCopyable {
  var common: UInt64
  var command: InlineArray<16, UInt8>
  var pid: Int32
  var priority: Int32
  var processor: Int32
}

struct Switch: BitwiseCopyable {
  var common: UInt64
  var previousCommand: InlineArray<16, UInt8>
  var previousPid: Int32
  var previousPriority: Int32
  var previousState: Int64
  var nextCommand: InlineArray<16, UInt8>
  var nextPid: Int32
  var nextPriority: Int32
}

@section("tracepoint/sched/sched_wakeup") @used
func wakeup(_ ctx: TracepointContext<Wakeup>) { woken.update(ctx.record.pid, Time.monotonic) }

@section("tracepoint/sched/sched_wakeup_new") @used
func wakeupNew(_ ctx: TracepointContext<Wakeup>) { woken.update(ctx.record.pid, Time.monotonic) }

/// The number of bits of a value: 0 for 0, 1 for 1, 2 for 2 and 3.
func bits(_ value: UInt32) -> UInt32 {
  var rest = value
  var count: UInt32 = 0
  func halve(_ width: UInt32) {
    let step = rest >> width != 0 ? width : 0
    rest >>= step
    count |= step
  }
  halve(16)
  halve(8)
  halve(4)
  halve(2)
  halve(1)
  return count &+ rest
}

@section("tracepoint/sched/sched_switch") @used
func switched(_ ctx: TracepointContext<Switch>) {
  let now = Time.monotonic
  // A task that was preempted goes on waiting.
  if ctx.record.previousState == 0 { woken.update(ctx.record.previousPid, now) }
  let pid = ctx.record.nextPid
  guard let start = woken[pid]?.value else { return }
  woken.remove(pid)
  histogram[min(bits(UInt32(clamping: (now &- start) / 1000)), 31)]?.add(1)
}
