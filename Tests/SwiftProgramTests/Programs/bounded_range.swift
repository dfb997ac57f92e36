// expect: 120 kind=xdp
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var sum = 0
  for i in bounded(0..<Int(ctx.receiveQueue &+ 16)) { sum &+= i }
  return Int32(truncatingIfNeeded: sum)
}
