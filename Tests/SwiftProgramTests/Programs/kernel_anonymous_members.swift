// expect: 2 kind=syscall input=args hosts=kernel
// kernel: Members of structures without a name
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  var right: Int32 = 0
  // All of mm_struct stands in a structure without a name.
  if task.mm.mm_users.counter > 0 { right &+= 1 }
  if task.mm.task_size > 4096 { right &+= 1 }
  return right
}
