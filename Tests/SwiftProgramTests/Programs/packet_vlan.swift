// expect: 613 kind=xdp packet=vlan
// packets: VLAN
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let tag = ctx.packet.ethernet?.vlan, tag.ipv4?.udp != nil else { return -1 }
  return Int32(tag.identifier) &+ Int32(tag.priority) &* 100 &+ 13
}
