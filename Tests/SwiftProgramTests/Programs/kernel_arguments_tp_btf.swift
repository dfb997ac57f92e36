// expect: loads kind=tp_btf/sched_process_exec hosts=kernel
// kernel: Arguments of a tracepoint by their names
import BPF
import Kernel

let license = License.gpl
nonisolated(unsafe) var last: Int32 = 0
nonisolated(unsafe) var sum: UInt64 = 0

@section("tp_btf/sched_process_exec") @used
func program(_ ctx: BTFTracepoint<sched_process_exec>) {
  last = ctx.p.real_parent.tgid &+ ctx.old_pid
  sum &+= ctx.bprm.file.f_inode.i_ino
}
