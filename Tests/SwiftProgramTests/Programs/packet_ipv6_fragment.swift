// expect: 1 kind=xdp packet=ipv6_fragment
// packets: IPv6 fragments
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let upper = ctx.packet.ipv6?.upper else { return -1 }
  return upper.isFragment && upper.protocol == .udp ? 1 : 0
}
