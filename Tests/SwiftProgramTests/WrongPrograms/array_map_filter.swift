import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let doubled = (0..<ctx.receiveQueue).map { $0 &* 2 }
  return doubled.contains(8) ? .drop : .pass
}
