// expect: loads kind=sk_lookup hosts=kernel
// kinds: sk_lookup
import BPF

@section("sk_lookup") @used
func lookUp(_ ctx: SocketLookupProgramContext) -> SocketVerdict { ctx.localPort == 7777 && ctx.protocol == .tcp ? .drop : .pass }
