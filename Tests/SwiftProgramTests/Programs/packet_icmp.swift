// expect: 1 kind=xdp packet=icmp
// packets: ICMP
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let icmp = ctx.packet.ipv4?.icmp, icmp.type == .echoRequest else { return -1 }
  let before = BigEndian<UInt16>(bytes: 8)
  icmp.type = .echoReply
  icmp.checksum.replace(before, with: 0)
  return Int32(icmp.sequence)
}
