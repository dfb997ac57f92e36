// expect: loads kind=tp_btf/sys_enter hosts=kernel
// helpers: `withReadLock` (RCU)
import BPF

let license = License.gpl
nonisolated(unsafe) var calls: UInt64 = 0

@section("tp_btf/sys_enter") @used
func entered(_ ctx: BTFTracepointContext) { withReadLock { calls &+= 1 } }
