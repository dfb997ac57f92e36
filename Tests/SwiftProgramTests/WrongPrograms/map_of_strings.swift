import BPF

let names = HashMap<UInt32, String>(maxEntries: 16)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { names[0] == nil ? .pass : .drop }
