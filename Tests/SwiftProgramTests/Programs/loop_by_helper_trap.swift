// expect: abort kind=xdp
// checks: A failed check in a callback
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var values = InlineArray<4, UInt32>(repeating: 1)
  loop(10) { index in
    values[Int(index)] = ctx.receiveQueue
    return .next
  }
  return Int32(truncatingIfNeeded: values[0] &+ 7)
}
