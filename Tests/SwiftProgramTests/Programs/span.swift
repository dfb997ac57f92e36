// expect: 10 kind=xdp
// language: Span
import BPF

func total(_ values: Span<UInt32>) -> UInt32 {
  var sum: UInt32 = 0
  for i in values.indices { sum &+= values[i] }
  return sum
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var values: InlineArray<4, UInt32> = [1, 2, 3, 4]
  values[0] &+= ctx.receiveQueue
  return Int32(truncatingIfNeeded: total(values.span))
}
