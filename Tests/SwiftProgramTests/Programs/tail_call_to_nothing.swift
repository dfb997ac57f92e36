// expect: 2 kind=xdp
// helpers: A tail call to an empty slot
import BPF

let next = ProgramArray(count: 4)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  next.tailCall(ctx, 1)
  return 2
}
