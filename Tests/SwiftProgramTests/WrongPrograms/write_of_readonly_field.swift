import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  ctx.ingressInterface = 3
  return 2
}
