import BPF
import Kernel

let license = License.gpl

@section("tp_btf/sched_process_exec") @used
func program(_ ctx: BTFTracepointContext) {
  guard let task = ctx.pointer(0, to: task_struct.self) else { return }
  _ = task.real_parnt
}
