// expect: abort kind=xdp
// checks: A subtraction below 0
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let value = ctx.receiveQueue
  let less = value - 1
  return Int32(truncatingIfNeeded: less)
}
