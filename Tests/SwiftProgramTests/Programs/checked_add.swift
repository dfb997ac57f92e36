// expect: 11 kind=xdp
// checks: Checked addition
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let value = Int32(truncatingIfNeeded: ctx.receiveQueue)
  return value + 11
}
