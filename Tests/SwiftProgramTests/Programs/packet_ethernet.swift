// expect: 1 kind=xdp packet=udp
// packets: Ethernet
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let eth = ctx.packet.ethernet else { return -1 }
  let destination = eth.destination
  eth.destination = eth.source
  eth.source = destination
  return eth.type == .ipv4 && ctx.packet.ethernet?.source == MACAddress(1, 2, 3, 4, 5, 6) ? 1 : 0
}
