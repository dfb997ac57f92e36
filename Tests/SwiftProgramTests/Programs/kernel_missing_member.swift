// expect: 1 kind=syscall input=args hosts=kernel
// kernel: A member that only some kernels have
import BPF
import Kernel

let license = License.gpl

/// Whether the task runs, whatever the kernel calls that: `state` before Linux 5.14.
func isRunning(_ task: task_struct) -> Bool {
  if task_struct.field.member("state", as: Int64.self).exists { return task.member("state", as: Int64.self) == 0 }
  return task.__state == 0
}

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 { isRunning(.current) ? 1 : 0 }
