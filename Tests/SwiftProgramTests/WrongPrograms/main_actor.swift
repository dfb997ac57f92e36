import BPF

@MainActor var total: UInt64 = 0

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  total &+= 1
  return .pass
}
