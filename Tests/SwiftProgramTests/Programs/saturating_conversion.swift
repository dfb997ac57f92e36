// expect: 255 kind=xdp
// language: Saturating conversions
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(UInt8(clamping: ctx.receiveQueue &+ 1000)) }
