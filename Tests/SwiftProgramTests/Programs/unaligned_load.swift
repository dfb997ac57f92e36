// expect: 8 kind=xdp packet=udp
// packets: Unaligned loads
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let type: UInt16 = ctx.packet.load(at: 12), let word: UInt32 = ctx.packet.load(at: 13) else { return -1 }
  return Int32(truncatingIfNeeded: type) &+ Int32(truncatingIfNeeded: word & 0)
}
