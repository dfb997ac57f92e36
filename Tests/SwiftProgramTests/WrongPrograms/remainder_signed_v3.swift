import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let difference = Int32(truncatingIfNeeded: Time.monotonic)
  return difference % Int32(bitPattern: ctx.receiveQueue | 3) == 0 ? .pass : .drop
}
