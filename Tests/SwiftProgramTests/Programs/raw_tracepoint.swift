// expect: loads kind=raw_tp/sys_enter
// kinds: raw_tp
import BPF

nonisolated(unsafe) var last: UInt64 = 0

@section("raw_tp/sys_enter") @used
func entered(_ ctx: RawTracepointContext) { last = ctx[1] }
