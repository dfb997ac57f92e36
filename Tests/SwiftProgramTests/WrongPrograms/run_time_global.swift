import BPF

let start = Time.monotonic

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: start & 1) }
