import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  _ = ctx.pushVLAN(1)
  return 2
}
