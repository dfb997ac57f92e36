// expect: 135 kind=xdp packet=icmpv6
// packets: ICMPv6
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let icmp = ctx.packet.ipv6?.icmpv6 else { return -1 }
  return Int32(icmp.type.rawValue)
}
