// expect: 1 kind=xdp
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Bool { ctx.receiveQueue == 0 }
