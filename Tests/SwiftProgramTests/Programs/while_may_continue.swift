// expect: 27 kind=xdp
// helpers: `while mayContinue()`
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var value = UInt64(ctx.receiveQueue &+ 97)
  var steps: Int32 = 0
  while mayContinue(), value != 1 {
    value = value & 1 == 0 ? value >> 1 : value &* 3 &+ 1
    steps &+= 1
  }
  return steps &- 91
}
