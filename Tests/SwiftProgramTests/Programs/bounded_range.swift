// expect: 120 kind=xdp
// helpers: `bounded(range)`: a loop without a bound that the verifier must know
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var sum = 0
  for i in bounded(0..<Int(ctx.receiveQueue &+ 16)) { sum &+= i }
  return Int32(truncatingIfNeeded: sum)
}
