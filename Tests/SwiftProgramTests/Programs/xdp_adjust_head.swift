// expect: 68 kind=xdp packet=udp
// helpers: Packets that grow at their head, xdp
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard ctx.adjustHead(by: -4), let byte = ctx.packet[67] else { return -1 }
  return Int32(ctx.packet.byteCount) &+ Int32(byte & 0)
}
