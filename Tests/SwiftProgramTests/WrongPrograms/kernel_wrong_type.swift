import BPF
import Kernel

let license = License.gpl

@section("tp_btf/sched_process_exec") @used
func program(_ ctx: BTFTracepointContext) { _ = ctx.pointer(0, to: tsk_struct.self) }
