// expect: 3 kind=xdp
// language: More than five arguments, inlined
import BPF

@inline(never)
func six(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ e: UInt32, _ f: UInt32) -> UInt32 {
  (a ^ b ^ c ^ d ^ e ^ f) &+ Random.next & 0
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: six(ctx.receiveQueue, 1, 2, ctx.ingressInterface, 4, 5)) }
