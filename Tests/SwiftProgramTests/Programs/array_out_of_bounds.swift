// expect: abort kind=xdp
// checks: An index of an InlineArray past its end
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let values: InlineArray<4, UInt32> = [1, 2, 3, 4]
  return Int32(truncatingIfNeeded: values[Int(ctx.receiveQueue &+ 9)])
}
