import BPF

@inline(never)
func factorial(_ value: UInt32) -> UInt32 { value < 2 ? 1 : value &* factorial(value &- 1) &+ (Random.next & 0) }

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: factorial(ctx.receiveQueue &+ 5)) }
