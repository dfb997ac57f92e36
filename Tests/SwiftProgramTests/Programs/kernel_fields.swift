// expect: 7 kind=syscall input=args
// kernel: Existence, size and place of members
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  var right: Int32 = 0
  if task_struct.field.comm.exists { right &+= 1 }
  if task_struct.field.comm.byteSize == 16 { right &+= 1 }
  if task_struct.field.tgid.byteOffset == task_struct.field.pid.byteOffset &+ 4 { right &+= 1 }
  if task_struct.field.tgid.isSigned, !task_struct.field.flags.isSigned { right &+= 1 }
  if task_struct.field.se.load.weight.byteOffset == task_struct.field.se.byteOffset &+ sched_entity.field.load.byteOffset { right &+= 1 }
  if !task_struct.field.member("state", as: Int64.self).exists { right &+= 1 }
  if task_struct.field.member("__state", as: UInt32.self).exists { right &+= 1 }
  return right
}
