// expect: 207 kind=xdp packet=qinq
// packets: Two VLAN tags
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let layer = ctx.packet.ethernet?.untagged, let vlan = layer.vlan, let udp = layer.ipv4?.udp else { return -1 }
  return Int32(vlan) &+ (udp.destinationPort == .dns ? 7 : 0)
}
