// expect: 1 kind=xdp packet=arp
// packets: ARP
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let arp = ctx.packet.ethernet?.arp, arp.isRequest else { return -1 }
  return arp.sender == IPv4Address(10, 0, 0, 1) && arp.target == IPv4Address(10, 0, 0, 2) ? 1 : 0
}
