// expect: 2 kind=syscall input=args hosts=kernel
// kernel: The current task
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  var right: Int32 = 0
  if task.tgid == Int32(truncatingIfNeeded: Task.current.pid) { right &+= 1 }
  if task.pid == Int32(truncatingIfNeeded: Task.current.threadID) { right &+= 1 }
  return right
}
