import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  print("packet")
  return .pass
}
