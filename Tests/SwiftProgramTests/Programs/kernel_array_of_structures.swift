// expect: 2 kind=syscall input=args hosts=kernel
// kernel: An array of structures, by an index that is not constant
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  var right: Int32 = 0
  if task.thread_pid.numbers[0].nr == task.pid { right &+= 1 }
  // Limits by an index that is not constant.
  let limit = Int(truncatingIfNeeded: ctx.arguments &- 2) & 7
  if task.signal.rlim[limit].rlim_max >= task.signal.rlim[7].rlim_cur { right &+= 1 }
  return right
}
