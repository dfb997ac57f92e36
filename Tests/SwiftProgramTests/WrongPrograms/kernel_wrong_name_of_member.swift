import BPF
import Kernel

let license = License.gpl

@inline(never)
func read(_ task: task_struct, _ name: StaticString) -> Int64 { task.member(name) }

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  Int32(truncatingIfNeeded: read(.current, "state") &+ read(.current, "stack"))
}
