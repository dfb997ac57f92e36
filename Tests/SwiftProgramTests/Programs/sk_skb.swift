// expect: loads kind=sk_skb/stream_parser hosts=kernel
// kinds: sk_skb
import BPF

let sockets = SocketMap(count: 16)

@section("sk_skb/stream_parser") @used
func parse(_ ctx: StreamContext) -> UInt32 { ctx.byteCount }

@section("sk_skb/stream_verdict") @used
func verdict(_ ctx: StreamContext) -> SocketVerdict { sockets.redirect(ctx, to: 0) }
