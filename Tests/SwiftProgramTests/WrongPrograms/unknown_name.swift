import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  guard let ip = ctx.packet.ipv4 else { return .pass }
  return ip.protocl == .tcp ? .drop : .pass
}
