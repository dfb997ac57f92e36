// expect: 1024 kind=xdp
// globals: A global that a function computes at compile time
import BPF

let count = 1 << 10
let limits: (UInt32, UInt32) = (UInt32(count), 7)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: limits.0 &+ ctx.receiveQueue) }
