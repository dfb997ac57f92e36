// expect: 16 kind=syscall input=args hosts=kernel
// kernel: Elements of arrays
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  var name = InlineArray<16, UInt8>(repeating: 0)
  Task.current.copyName(into: &name)
  var right: Int32 = 0
  // A constant index, and one that is not.
  if task.comm[0] == name[0], task.comm[3] == name[3] { right &+= 1 }
  for index in 1..<16 where task.comm[index] == name[index] { right &+= 1 }
  return right
}
