// expect: 20 kind=xdp
// language: `stride(from:to:by:)`
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var sum: Int32 = 0
  for i in stride(from: 0, to: 10, by: 2) { sum &+= Int32(truncatingIfNeeded: i) }
  return sum
}
