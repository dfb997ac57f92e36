import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> TCAction { .ok }
