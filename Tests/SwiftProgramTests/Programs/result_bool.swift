// expect: 1 kind=xdp
// language: A Bool as result
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Bool { ctx.receiveQueue == 0 }
