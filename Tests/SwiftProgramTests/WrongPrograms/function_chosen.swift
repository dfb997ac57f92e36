import BPF

@inline(never) func one(_ value: UInt32) -> UInt32 { value &+ Random.next }
@inline(never) func two(_ value: UInt32) -> UInt32 { value &- Random.next }

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let function = ctx.receiveQueue == 0 ? one : two
  return function(5) == 0 ? .drop : .pass
}
