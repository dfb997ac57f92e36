import BPF

final class State {
  var packets: UInt64 = 0
}

@inline(never)
func count(_ state: State) { state.packets &+= Time.monotonic }

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let state = State()
  count(state)
  return state.packets == 0 ? .pass : .drop
}
