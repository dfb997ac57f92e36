// expect: loads kind=kprobe/do_exit hosts=kernel
// kernel: Bit-fields read by a helper
import BPF
import Kernel

let license = License.gpl

nonisolated(unsafe) var flags: UInt32 = 0

@section("kprobe/do_exit") @used
func program(_ ctx: KprobeContext) {
  let task = task_struct.current
  flags = UInt32(task.in_execve) &+ UInt32(task.real_parent.sched_reset_on_fork)
}
