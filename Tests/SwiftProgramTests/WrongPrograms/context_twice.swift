import BPF

@section("xdp") @used
func program(_ ctx: XDPContext, _ queue: UInt32) -> XDPAction { queue == 0 ? .pass : .drop }
