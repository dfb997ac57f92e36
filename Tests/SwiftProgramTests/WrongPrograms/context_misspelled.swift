import BPF

@section("xdp") @used
func program(_ ctx: XdpContext) -> XDPAction { .pass }
