// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Counts system calls by process and number.
import BPF

let license = License.dualMITGPL

struct Call: BitwiseCopyable {
  var pid: UInt32
  var number: UInt32
}

/// System calls by process and number; the quietest go first when it is full.
let calls = LRUHashMap<Call, UInt64>(maxEntries: 16384)
/// Only this process; all for 0.
let onlyProcess = Setting<UInt32>(0)

@section("raw_tracepoint/sys_enter") @used
func entered(_ ctx: RawTracepointContext) {
  let pid = Task.current.pid
  if onlyProcess.value != 0, onlyProcess.value != pid { return }
  calls.count(Call(pid: pid, number: UInt32(truncatingIfNeeded: ctx[1])))
}
