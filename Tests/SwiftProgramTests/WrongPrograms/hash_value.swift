import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { ctx.receiveQueue.hashValue & 1 == 0 ? .drop : .pass }
