import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let difference = Int64(bitPattern: Time.monotonic)
  return difference / Int64(ctx.receiveQueue &+ 3) > 1 ? .pass : .drop
}
