// expect: 50 kind=xdp packet=udp
// helpers: Packets that shrink at their tail, xdp
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard ctx.adjustTail(by: -14) else { return -1 }
  return Int32(ctx.packet.byteCount)
}
