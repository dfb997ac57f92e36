// expect: 42 kind=xdp
// language: Functions that stay functions (`@inline(never)`)
import BPF

@inline(never)
func mix(_ a: UInt32, _ b: UInt64, _ c: UInt16) -> UInt32 {
  var x = a
  for _ in 0..<3 { x = x &* 31 &+ UInt32(truncatingIfNeeded: b) &+ UInt32(c) &+ (Random.next & 0) }
  return x & 0 &+ 21
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: mix(ctx.receiveQueue, 5, 6) &+ mix(ctx.ingressInterface, 7, 8)) }
