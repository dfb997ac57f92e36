// expect: loads kind=tp_btf/sys_enter hosts=kernel
// kinds: tp_btf
import BPF

let license = License.gpl
nonisolated(unsafe) var last: UInt64 = 0

@section("tp_btf/sys_enter") @used
func entered(_ ctx: BTFTracepointContext) { last = ctx[1] }
