import BPF

@section("xdp") @used
func program(_ queue: UInt32) -> XDPAction { queue == 0 ? .pass : .drop }
