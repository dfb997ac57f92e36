import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32? { ctx.receiveQueue == 0 ? nil : 2 }
