// expect: 6 kind=syscall input=args hosts=kernel
// kernel: Existence, size and identity of types
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  var right: Int32 = 0
  if task_struct.type.exists { right &+= 1 }
  if task_struct.type.byteSize > 1024 { right &+= 1 }
  if list_head.type.byteSize == 16 { right &+= 1 }
  if task_struct.type.matches, task_struct.current.tgid != 0 { right &+= 1 }
  if task_struct.type.localID != 0, task_struct.type.targetID != 0 { right &+= 1 }
  if !task_structure___none.type.exists { right &+= 1 }
  return right
}
