// expect: 6 kind=xdp
// language: 128-bit products
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let (high, low) = UInt64(ctx.receiveQueue &+ 2).multipliedFullWidth(by: 3)
  return Int32(truncatingIfNeeded: high &+ low)
}
