// expect: 2 kind=xdp.frags packet=udp
// kinds: xdp.frags: packets in several parts
import BPF

@section("xdp.frags") @used
func program(_ ctx: XDPContext) -> XDPAction { ctx.byteCount == 64 ? .pass : .drop }
