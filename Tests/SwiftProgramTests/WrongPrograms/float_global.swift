import BPF

let threshold: Float = 0.25

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { Float(ctx.receiveQueue) > threshold ? .drop : .pass }
