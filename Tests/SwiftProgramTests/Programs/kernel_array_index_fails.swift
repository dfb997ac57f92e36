// expect: 0 kind=syscall input=args hosts=kernel
// kernel: An index past the end of an array ends the program
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  // 9 in the arguments.
  let index = Int(truncatingIfNeeded: ctx.arguments &+ 7)
  return Int32(task_struct.current.comm[index]) &+ 1
}
