// expect: 3 kind=syscall input=args hosts=kernel
// kernel: Bit-fields
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  var right: Int32 = 0
  if task.in_execve == 0 { right &+= 1 }
  if task.sched_reset_on_fork <= 1 { right &+= 1 }
  if task.real_parent.in_execve <= 1 { right &+= 1 }
  return right
}
