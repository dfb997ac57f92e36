import BPF

@section("xdp") @used
func program(_ ctx: FunctionEntryContext) -> XDPAction { ctx[0] == 0 ? .pass : .drop }
