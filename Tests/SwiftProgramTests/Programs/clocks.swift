// expect: 2 kind=xdp
// helpers: Clocks
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Time.coarse <= Time.monotonic &+ 1_000_000_000 && CPU.numaNode >= -1 ? 2 : 1 }
