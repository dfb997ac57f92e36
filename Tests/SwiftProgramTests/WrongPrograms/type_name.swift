import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { String(describing: type(of: ctx)) == "XDPContext" ? .pass : .drop }
