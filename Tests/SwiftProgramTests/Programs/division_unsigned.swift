// expect: 3 kind=xdp
// language: Division of unsigned numbers
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let divisor = ctx.receiveQueue &+ 4
  return Int32(truncatingIfNeeded: 13 / divisor)
}
