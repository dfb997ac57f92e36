// expect: 1 kind=syscall input=args hosts=kernel
// kernel: A structure at an address that is only a number
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  // An address that is only a number: what a void pointer, or a map, holds.
  let address = UInt64(UInt(bitPattern: task.kernelAddress)) &+ (ctx.arguments & 0)
  guard let same = task_struct(at: address) else { return 0 }
  return same.tgid == task.tgid ? 1 : 0
}
