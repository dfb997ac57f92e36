// expect: 24 kind=xdp
// language: An InlineArray in a bounded loop
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var values = InlineArray<16, UInt32>(repeating: 1)
  for i in bounded(0..<Int(ctx.receiveQueue) + 8) { values[i] += 1 }
  var sum: UInt32 = 0
  for i in 0..<16 { sum += values[i] }
  return Int32(sum)
}
