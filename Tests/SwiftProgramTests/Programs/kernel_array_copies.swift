// expect: 4 kind=syscall input=args hosts=kernel
// kernel: Arrays of characters, copied
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  var name = InlineArray<16, UInt8>(repeating: 0)
  Task.current.copyName(into: &name)
  var right: Int32 = 0
  var copy = InlineArray<16, UInt8>(repeating: 1)
  if task.comm.copy(into: &copy), copy[0] == name[0] { right &+= 1 }
  var short = InlineArray<4, UInt8>(repeating: 1)
  if task.comm.copyString(into: &short) > 1, short[0] == name[0], short[3] == 0 { right &+= 1 }
  if task.comm.values[1] == name[1] { right &+= 1 }
  if task.comm.count == 16 { right &+= 1 }
  return right
}
