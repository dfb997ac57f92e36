// expect: 8 kind=xdp packet=udp
// language: Loops with a variable bound
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let bound = min(UInt32(truncatingIfNeeded: ctx.packet.byteCount) & 127, 8)
  var count: Int32 = 0
  for _ in 0..<bound { count &+= Int32(truncatingIfNeeded: Random.next & 0) &+ 1 }
  return count
}
