import BPF
import Kernel

nonisolated(unsafe) var last: Int32 = 0

@section("kprobe/do_exit") @used
func program(_ ctx: KprobeContext) { last = ctx.pointer(0, to: task_struct.self).tgid }
