// expect: 21 kind=xdp
// language: Closures that are passed down
import BPF

func twice(_ value: UInt32, _ body: (UInt32) -> UInt32) -> UInt32 { body(body(value)) }

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let step = ctx.receiveQueue &+ 10
  return Int32(truncatingIfNeeded: twice(1) { $0 &+ step })
}
