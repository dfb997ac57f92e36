import BPF

@inline(never)
func adder(_ amount: UInt32) -> (UInt32) -> UInt32 { { $0 &+ amount } }

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { adder(Random.next)(ctx.receiveQueue) == 0 ? .drop : .pass }
