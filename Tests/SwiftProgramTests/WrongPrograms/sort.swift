import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let values = [ctx.receiveQueue, ctx.ingressInterface, 5].sorted()
  return values[0] == 5 ? .pass : .drop
}
