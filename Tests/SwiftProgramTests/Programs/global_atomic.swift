// expect: 7 kind=xdp
// globals: A global atomic
import BPF

nonisolated(unsafe) var next: UInt32 = 7

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: next.atomicFetchAdd(1)) }
