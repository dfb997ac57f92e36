import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { UInt32.random(in: 0..<10) == 0 ? .drop : .pass }
