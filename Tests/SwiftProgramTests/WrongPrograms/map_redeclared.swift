import BPF

let packets = HashMap<UInt32, UInt64>(maxEntries: 16)
let packets = HashMap<UInt32, UInt64>(maxEntries: 32)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { packets[1] == nil ? .pass : .drop }
