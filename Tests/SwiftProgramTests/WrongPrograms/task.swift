import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  Task { _ = ctx.receiveQueue }
  return .pass
}
