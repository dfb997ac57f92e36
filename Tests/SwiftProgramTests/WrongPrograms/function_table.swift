import BPF

func pass(_ ctx: XDPContext) -> XDPAction { .pass }
func drop(_ ctx: XDPContext) -> XDPAction { .drop }

let handlers: InlineArray<2, @convention(thin) (XDPContext) -> XDPAction> = [pass, drop]

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { handlers[Int(ctx.receiveQueue & 1)](ctx) }
