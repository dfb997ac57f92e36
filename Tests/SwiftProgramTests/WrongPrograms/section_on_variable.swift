import BPF

@section("xdp") @used
var packets: UInt64 = 0

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  packets &+= 1
  return .pass
}
