// expect: abort kind=tc packet=udp
import BPF

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction { TCAction(rawValue: Int32(ctx.mark - 1)) }
