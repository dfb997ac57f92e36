// expect: 5 kind=syscall input=args hosts=kernel
// kernel: Pointers, followed with and without unwrapping
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  var right: Int32 = 0
  // With and without unwrapping: members at nil are zero.
  if task.real_parent.tgid > 0 { right &+= 1 }
  if let parent = task.real_parent, parent.tgid == task.real_parent.tgid { right &+= 1 }
  if task.group_leader?.tgid == task.tgid { right &+= 1 }
  if task.group_leader.group_leader == task.group_leader { right &+= 1 }
  // A running process has memory, and its first ancestor none.
  if task.mm != nil { right &+= 1 }
  return right
}
