// expect: 2 kind=xdp
// helpers: Atomic additions to map values
import BPF

let hits = ArrayMap<UInt64>(count: 1)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  hits[0]?.add(3)
  return 2
}
