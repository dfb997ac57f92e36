// expect: 1 kind=syscall input=args hosts=kernel
// kernel: Structures as arguments of subprograms
import BPF
import Kernel

let license = License.gpl

@inline(never)
func parent(of task: task_struct) -> Int32 { task.real_parent.tgid }

@inline(never)
func weight(of entity: sched_entity) -> UInt64 { entity.load.weight }

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  return parent(of: task) == task.real_parent.tgid && weight(of: task.se) == task.se.load.weight ? 1 : 0
}
