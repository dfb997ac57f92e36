// expect: 9 kind=xdp
// language: Labelled loops
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var count: Int32 = 0
  outer: for i in 0..<10 {
    for j in 0..<10 {
      if j > i { continue outer }
      if i &+ j > 7 { break outer }
      count &+= 1
    }
  }
  return count &- 5 &- Int32(truncatingIfNeeded: ctx.receiveQueue)
}
