// expect: 4294967295 kind=xdp
// language: An unsigned number as result
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> UInt32 { ~ctx.receiveQueue }
