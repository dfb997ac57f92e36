import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { .pass }

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { .drop }
