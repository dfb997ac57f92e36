// expect: 13 kind=xdp
// language: Default arguments
import BPF

func weighted(_ value: UInt32, by weight: UInt32 = 4, plus offset: UInt32 = 1) -> UInt32 { value &* weight &+ offset }

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: weighted(3 &+ ctx.receiveQueue)) }
