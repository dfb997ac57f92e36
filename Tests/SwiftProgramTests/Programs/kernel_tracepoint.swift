// expect: loads kind=tracepoint/sched/sched_switch hosts=kernel
// kernel: The current task at a tracepoint and a sample
import BPF
import Kernel

let license = License.gpl

nonisolated(unsafe) var sum: UInt64 = 0

@section("tracepoint/sched/sched_switch") @used
func program(_ ctx: TracepointContext<UInt64>) { sum &+= task_struct.current.se.vruntime }

@section("perf_event") @used
func sampled(_ ctx: PerfEventContext) { sum &+= task_struct.current.real_parent.se.vruntime }

@section("raw_tracepoint/sched_switch") @used
func raw(_ ctx: RawTracepointContext) {
  guard let task = ctx.pointer(1, to: task_struct.self) else { return }
  sum &+= task.se.vruntime
}
