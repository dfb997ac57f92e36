import BPF

func factorial(_ value: UInt32) -> UInt32 { value < 2 ? 1 : value * factorial(value - 1) }

let size = factorial(20)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { ctx.receiveQueue < size ? .pass : .drop }
