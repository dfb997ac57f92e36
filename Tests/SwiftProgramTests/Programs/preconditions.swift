// expect: 2 kind=xdp
// checks: Preconditions that hold
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  precondition(ctx.receiveQueue < 5, "too many")
  assert(ctx.receiveQueue < 9)
  if ctx.receiveQueue == 99 { fatalError("no such queue") }
  return 2
}
