// expect: abort kind=xdp
// checks: `!` of nil
import BPF

let values = HashMap<UInt32, UInt32>(maxEntries: 4)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: values[ctx.receiveQueue]!.value &+ 3) }
