// expect: 2 kind=syscall input=args hosts=kernel
// kernel: Long chains of pointers
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  var right: Int32 = 0
  if task.mm?.exe_file?.f_inode?.i_ino ?? 0 != 0 { right &+= 1 }
  if task.mm.exe_file.f_inode.i_sb.s_magic != 0 { right &+= 1 }
  return right
}
