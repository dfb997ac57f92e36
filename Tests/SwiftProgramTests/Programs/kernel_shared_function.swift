// expect: loads kind=tp_btf/sched_process_exec hosts=kernel
// kernel: A function of programs that load and programs that probe
import BPF
import Kernel

let license = License.gpl

nonisolated(unsafe) var sum: Int64 = 0

@inline(never)
func count(_ task: task_struct) { sum &+= Int64(task.real_parent.tgid) }

@section("tp_btf/sched_process_exec") @used
func typed(_ ctx: BTFTracepointContext) {
  guard let task = ctx.pointer(0, to: task_struct.self) else { return }
  count(task)
}

@section("kprobe/do_exit") @used
func untyped(_ ctx: KprobeContext) { count(.current) }
