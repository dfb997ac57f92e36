// expect: 1 kind=syscall input=args hosts=kernel
// kernel: An array of pointers, by an enumeration's value
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  // The process by its number, with an enumeration's value as index (a constant here: which kernel has another is not asked).
  guard let process = task.signal?.pids[1] else { return 0 }
  return process.numbers[0].nr == task.tgid ? 1 : 0
}
