// expect: loads kind=kprobe/do_unlinkat
// kernel: Arguments of a probed function by their names
import BPF
import Kernel

let license = License.gpl
nonisolated(unsafe) var sum: Int64 = 0

@section("kprobe/do_unlinkat") @used
func entered(_ ctx: Kprobe<do_unlinkat>) { if ctx.name.refcnt.counter > 0 { sum &+= Int64(ctx.dfd) } }
