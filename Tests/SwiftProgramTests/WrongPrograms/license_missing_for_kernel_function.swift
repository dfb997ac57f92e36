import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  if let hash = ctx.hardwareHash, hash & 1 == 0 { return .drop }
  return .pass
}
