// expect: 33 kind=xdp
// globals: A global table of constants
import BPF

let table: InlineArray<8, UInt32> = [11, 22, 33, 44, 55, 66, 77, 88]

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: table[Int((ctx.receiveQueue &+ 2) & 7)]) }
