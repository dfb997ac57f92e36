import BPF

@inline(never)
func state(_ value: UInt32) -> String { value == 0 ? "idle" : "busy or something that is long" }

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { state(ctx.receiveQueue) == "idle" ? .pass : .drop }
