// expect: abort kind=xdp
// checks: A failed check in a function that stays a function
import BPF

@inline(never)
func risky(_ value: UInt32) -> UInt32 {
  let less = value - 1
  return less &* 3 &+ (Random.next & 0)
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: risky(ctx.receiveQueue) &+ 7) }
