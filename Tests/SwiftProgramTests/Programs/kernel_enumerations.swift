// expect: 4 kind=syscall input=args
// kernel: Enumerators: values and existence in the running kernel
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  var right: Int32 = 0
  if pid_type.PIDTYPE_TGID.rawValue == 1 { right &+= 1 }
  if pid_type.PIDTYPE_PID != .PIDTYPE_TGID { right &+= 1 }
  if pid_type.enumerator("PIDTYPE_SID").exists { right &+= 1 }
  if !pid_type.enumerator("PIDTYPE_NONE_SUCH").exists { right &+= 1 }
  return right
}
