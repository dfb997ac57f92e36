import BPF

struct State {
  lazy var names: [UInt32] = [1, 2]
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  var state = State()
  return state.names.count == 2 ? .pass : .drop
}
