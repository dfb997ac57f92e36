// expect: 20 kind=xdp packet=udp
// packets: Headers of variable length
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let ip = ctx.packet.ipv4 else { return -1 }
  return Int32(truncatingIfNeeded: ip.headerLength)
}
