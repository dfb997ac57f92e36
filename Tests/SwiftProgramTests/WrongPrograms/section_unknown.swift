import BPF

@section("firewall") @used
func program(_ ctx: XDPContext) -> XDPAction { .pass }
