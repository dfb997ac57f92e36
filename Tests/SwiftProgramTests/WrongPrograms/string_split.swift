import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let number = String(ctx.receiveQueue)
  return number.hasPrefix("1") ? .drop : .pass
}
