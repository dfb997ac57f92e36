// expect: abort kind=tc packet=udp
// checks: A failed check in tc drops the packet
import BPF

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction { TCAction(rawValue: Int32(ctx.mark - 1)) }
