// expect: 53 kind=xdp packet=ipv6
// packets: IPv6
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let ip = ctx.packet.ipv6, ip.version == 6, let udp = ip.udp else { return -1 }
  return ip.source == IPv6Address(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1) ? Int32(udp.destinationPort.value) : 0
}
