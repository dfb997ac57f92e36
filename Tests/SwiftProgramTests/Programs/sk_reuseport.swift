// expect: loads kind=sk_reuseport hosts=kernel
// kinds: sk_reuseport
import BPF

let sockets = ReuseportSocketArray(count: 8)

@section("sk_reuseport") @used
func choose(_ ctx: ReuseportContext) -> SocketVerdict { ctx.select(ctx.hash & 7, in: sockets) ? .pass : .drop }
