// expect: 14 kind=xdp
// language: InlineArray
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var values = InlineArray<8, UInt32>(repeating: 1)
  let index = Int(ctx.receiveQueue & 7)
  values[index] = 7
  values[1] = ctx.receiveQueue
  var sum: UInt32 = 0
  for i in 0..<8 { sum &+= values[i] }
  return Int32(truncatingIfNeeded: sum &+ 1)
}
