// expect: loads kind=fentry/wake_up_new_task trampoline=yes hosts=kernel
// kernel: fentry: an argument by its index
import BPF
import Kernel

let license = License.gpl

nonisolated(unsafe) var last: Int32 = 0

@section("fentry/wake_up_new_task") @used
func program(_ ctx: FunctionEntryContext) { last = ctx.pointer(0, to: task_struct.self).real_parent.tgid }
