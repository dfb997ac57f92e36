import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(ctx.packet.ipv4.timeToLive) }
