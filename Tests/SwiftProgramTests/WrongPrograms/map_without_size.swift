import BPF

let packets = HashMap<UInt32, UInt64>()

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { .pass }
