// expect: 4 kind=xdp packet=gre
// packets: GRE
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let gre = ctx.packet.ipv4?.gre, gre.hasKey, gre.type == .ipv4 else { return -1 }
  guard let inner: Header<IPv4Header> = gre.payload.header() else { return -2 }
  return Int32(inner.version)
}
