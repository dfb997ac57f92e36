// expect: 55 kind=xdp
// language: Loops with a constant bound
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var sum: Int32 = 0
  for i in 1...10 { sum &+= Int32(truncatingIfNeeded: i) }
  return sum
}
