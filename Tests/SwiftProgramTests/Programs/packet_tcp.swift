// expect: 24 kind=xdp packet=tcp
// packets: TCP
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let tcp = ctx.packet.ipv4?.tcp, tcp.isSYN, tcp.flags == .syn, tcp.destinationPort == .https else { return -1 }
  return Int32(truncatingIfNeeded: tcp.headerLength)
}
