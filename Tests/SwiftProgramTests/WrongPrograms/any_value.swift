import BPF

@inline(never)
func describe(_ value: Any) -> UInt32 { 1 &+ Random.next }

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { describe(ctx.receiveQueue) == 0 ? .pass : .drop }
