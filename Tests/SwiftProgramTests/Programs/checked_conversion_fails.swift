// expect: abort kind=xdp
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(UInt8(ctx.receiveQueue &+ 1000)) }
