// expect: 4294967295 kind=xdp
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> UInt32 { ~ctx.receiveQueue }
