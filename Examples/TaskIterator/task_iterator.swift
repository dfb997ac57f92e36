// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Lists processes as `ps` does: a line each, for whoever reads the iterator's file.
import BPF
import Kernel

let license = License.gpl

/// Only the children of this process; all for 0.
let onlyParent = Setting<Int32>(0)
/// Lists the kernel's own threads too, which have no memory of their own.
let kernelThreads = Setting<Bool>(false)

@section("iter/task") @used
func list(_ ctx: TaskIteratorContext) -> Int32 {
  guard let task = ctx.task(as: task_struct.self) else { return 0 }
  if ctx.output.position == 0 { ctx.output.print("    PID  PARENT THREADS MICROSECONDS COMMAND\n") }
  // A process is its first thread.
  if task.pid != task.tgid { return 0 }
  if task.mm == nil, !kernelThreads.value { return 0 }
  let parent = task.real_parent.tgid
  if onlyParent.value != 0, parent != onlyParent.value { return 0 }
  ctx.output.print(
    "%7d %7d %7d %12llu %s\n", task.tgid, parent, task.signal.nr_threads, task.se.sum_exec_runtime / 1000, task.comm)
  return 0
}
