import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  var seen: Set<UInt32> = []
  seen.insert(ctx.receiveQueue)
  return seen.count == 1 ? .pass : .drop
}
