import BPF
import Kernel

let license = License.gpl

@section("kprobe/do_unlinkat") @used
func entered(_ ctx: Kprobe<do_unlinkat>) { _ = ctx.directory }
