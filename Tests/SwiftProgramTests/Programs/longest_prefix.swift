// expect: 24 kind=xdp packet=udp
// maps: LPMTrie
import BPF

let routes = LPMTrie<IPv4Prefix, UInt32>(maxEntries: 16)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  routes.update(Prefix(IPv4Address(10, 0, 0, 0), length: 8), 8)
  routes.update(Prefix(IPv4Address(10, 0, 0, 0), length: 24), 24)
  guard let ip = ctx.packet.ipv4 else { return -1 }
  return Int32(truncatingIfNeeded: routes[Prefix(ip.destination)]?.value ?? 0)
}
