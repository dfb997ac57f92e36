import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  Mirror(reflecting: ctx).children.isEmpty ? .pass : .drop
}
