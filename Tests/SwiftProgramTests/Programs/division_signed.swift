// expect: 3 kind=xdp cpu=v4
// language: Division of signed numbers (`--cpu v4`)
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let divisor = Int32(truncatingIfNeeded: ctx.receiveQueue) &+ 4
  return -13 / divisor &+ 6
}
