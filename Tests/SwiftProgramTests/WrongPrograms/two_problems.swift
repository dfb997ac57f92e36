import BPF

@section("xpd") @used
func first(_ ctx: XDPContext) -> XDPAction { .pass }

@section("xdp") @used
func second(_ ctx: TCContext) -> XDPAction { .pass }

@section("tc") @used
func third(_ ctx: TCContext) -> XDPAction { .pass }
