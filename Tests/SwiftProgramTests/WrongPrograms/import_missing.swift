@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { .pass }
