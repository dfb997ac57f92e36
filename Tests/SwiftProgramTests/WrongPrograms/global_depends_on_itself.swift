import BPF

let first: UInt32 = second &+ 1
let second: UInt32 = first &+ 1

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { first == 0 ? .pass : .drop }
