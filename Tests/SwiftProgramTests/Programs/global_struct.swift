// expect: 14 kind=xdp
// globals: A global struct
import BPF

struct Totals: BitwiseCopyable {
  var packets: UInt64
  var bytes: UInt64
}

nonisolated(unsafe) var totals = Totals(packets: 4, bytes: 9)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  totals.packets &+= 1
  return Int32(truncatingIfNeeded: totals.packets &+ totals.bytes)
}
