// expect: loads kind=kprobe/do_unlinkat
// kinds: kprobe and kretprobe
import BPF

let license = License.gpl
let calls = HashMap<UInt64, UInt64>(maxEntries: 64)

@section("kprobe/do_unlinkat") @used
func entered(_ ctx: KprobeContext) { calls.count(ctx[0]) }

@section("kretprobe/do_unlinkat") @used
func left(_ ctx: KretprobeContext) { calls.count(ctx.result) }
