// expect: 2 kind=xdp
// helpers: Tail calls
import BPF

let next = ProgramArray(count: 4)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  next.tailCall(ctx, 1)
  return 2
}

@section("xdp") @used
func second(_ ctx: XDPContext) -> Int32 { 5 }
