// expect: 2 kind=syscall input=args hosts=kernel
// kernel: The kernel's names of types
import BPF
import Kernel

let license = License.gpl

func value(_ counter: atomic_t) -> Int32 { counter.counter }

@inline(never)
func valueOfItsOwn(_ counter: atomic_t) -> Int32 { counter.counter }

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let users: atomic_t? = task_struct.current.mm?.mm_users
  guard let users else { return 0 }
  let id: pid_t = task_struct.current.tgid
  return (value(users) > 0 && valueOfItsOwn(users) > 0 ? 1 : 0) &+ (id > 0 ? 1 : 0)
}
