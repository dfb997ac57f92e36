import BPF

let stacks = StackTraceMap(maxEntries: 4)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: stacks.capture(ctx)) }
