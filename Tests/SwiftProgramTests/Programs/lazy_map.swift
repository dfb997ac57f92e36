// expect: 12 kind=xdp
// language: Lazy sequences
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let queue = Int32(truncatingIfNeeded: ctx.receiveQueue)
  return (1...3).lazy.map { $0 &* 2 &+ queue }.reduce(0, &+)
}
