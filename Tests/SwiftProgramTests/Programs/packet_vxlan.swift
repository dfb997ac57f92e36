// expect: 5000 kind=xdp packet=vxlan
// packets: VXLAN
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let vxlan = ctx.packet.ipv4?.udp?.vxlan, vxlan.isValid, vxlan.inner.ipv4 != nil else { return -1 }
  return Int32(truncatingIfNeeded: vxlan.identifier)
}
