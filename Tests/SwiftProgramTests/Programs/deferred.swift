// expect: 6 kind=xdp
// language: `defer`
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var value = ctx.receiveQueue
  func next() -> UInt32 {
    defer { value &+= 5 }
    return value &+ 1
  }
  return Int32(truncatingIfNeeded: next() &+ value)
}
