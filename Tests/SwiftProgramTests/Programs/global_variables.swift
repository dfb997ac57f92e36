// expect: 1 kind=xdp
// globals: Global variables
import BPF

nonisolated(unsafe) var hits: UInt64 = 0
nonisolated(unsafe) var level: UInt32 = 5

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  hits &+= 1
  return Int32(truncatingIfNeeded: hits &+ UInt64(level) &- 5)
}
