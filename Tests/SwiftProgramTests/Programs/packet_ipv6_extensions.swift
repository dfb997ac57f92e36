// expect: 53 kind=xdp packet=ipv6_extensions
// packets: IPv6 with extension headers
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let udp = ctx.packet.ipv6?.upper?.udp else { return -1 }
  return Int32(udp.destinationPort.value)
}
