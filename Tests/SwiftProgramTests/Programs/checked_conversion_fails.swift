// expect: abort kind=xdp
// checks: A conversion that does not fit
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(UInt8(ctx.receiveQueue &+ 1000)) }
