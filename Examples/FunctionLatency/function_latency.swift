// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// How long calls of a function of a process take: a histogram of powers of two in microseconds. Which function is said when the programs
// are attached.
import BPF

let license = License.gpl

/// When a call began, in nanoseconds, by thread. A call inside a call of the same function counts for itself.
let started = HashMap<UInt64, UInt64>(maxEntries: 10240)
/// Calls by their length: below 1 µs, below 2, below 4 and so on.
let histogram = PerCPUArrayMap<UInt64>(count: 32)
/// Calls and their nanoseconds in all.
var count: UInt64 = 0
var nanoseconds: UInt64 = 0

@section("uprobe") @used
func entered(_ ctx: UprobeContext) { started.update(Task.current.pidAndThread, Time.monotonic) }

@section("uretprobe") @used
func returned(_ ctx: UretprobeContext) {
  let thread = Task.current.pidAndThread
  guard let start = started[thread]?.value else { return }
  started.remove(thread)
  let time = Time.monotonic &- start
  count.atomicAdd(1)
  nanoseconds.atomicAdd(time)
  var slot: UInt32 = 0
  while slot < 31, time / 1000 >= 1 << UInt64(slot) { slot &+= 1 }
  histogram.add(1, to: slot)
}
