// expect: 2 kind=xdp
// language: An action as result
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { ctx.receiveQueue == 0 ? .pass : .drop }
