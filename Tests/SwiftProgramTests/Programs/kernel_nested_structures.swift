// expect: 3 kind=syscall input=args hosts=kernel
// kernel: Structures in structures
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  var right: Int32 = 0
  if task.se.load.weight > 0 { right &+= 1 }
  // The structure by itself is its address.
  let entity = task.se
  if entity.load.weight == task.se.load.weight { right &+= 1 }
  if task.signal.nr_threads > 0 { right &+= 1 }
  return right
}
