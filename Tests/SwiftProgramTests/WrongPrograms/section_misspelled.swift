import BPF

@section("xpd") @used
func program(_ ctx: XDPContext) -> XDPAction { .pass }
