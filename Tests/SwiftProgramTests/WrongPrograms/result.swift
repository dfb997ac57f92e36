import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { TCAction.ok }
