// expect: 4950 kind=xdp hosts=kernel
// helpers: Open-coded iterators: `iterate(range)`
import BPF

let license = License.gpl

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var sum: Int32 = 0
  iterate(0..<100) { number in
    sum &+= number
    return .next
  }
  return sum &+ Int32(truncatingIfNeeded: ctx.receiveQueue)
}
