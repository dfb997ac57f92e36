// expect: -1 kind=xdp packet=short
// packets: A packet that ends early
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { ctx.packet.ipv4 == nil ? -1 : 0 }
