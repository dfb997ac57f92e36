// expect: 1 kind=syscall input=args hosts=kernel
// kernel: Unions
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let special = task_struct.current.rcu_read_unlock_special
  // The bytes and their whole.
  let blocked = UInt32(special.b.blocked)
  return blocked == special.s & 255 ? 1 : 0
}
