// expect: 9 kind=xdp
// language: Tuples
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var values: (UInt32, UInt32, UInt32, UInt32) = (1, 2, 3, 4)
  values.2 &+= ctx.receiveQueue
  let (a, b) = (values.2, values.3)
  return Int32(truncatingIfNeeded: a &+ b &+ values.1)
}
