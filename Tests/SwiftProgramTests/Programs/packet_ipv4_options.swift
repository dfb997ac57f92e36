// expect: 9 kind=xdp packet=options
// packets: IPv4 with options
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let ip = ctx.packet.ipv4, ip.hasOptions, let udp = ip.udp else { return -1 }
  return Int32(udp.destinationPort.value)
}
