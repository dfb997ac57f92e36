import BPF

func wait() async -> UInt32 { 1 }

@section("xdp") @used
func program(_ ctx: XDPContext) async -> XDPAction { await wait() == 1 ? .pass : .drop }
