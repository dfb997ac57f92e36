// expect: 10 kind=xdp
// language: Global functions (`@used` without a section)
import BPF

@used @inline(never)
func scale(_ a: UInt32, _ b: UInt32) -> UInt32 { a &* b &+ (Random.next & 0) }

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: scale(ctx.receiveQueue &+ 2, 5)) }
