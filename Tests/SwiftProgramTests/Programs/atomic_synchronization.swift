// expect: 1 kind=xdp
// language: `Synchronization.Atomic`
import BPF
import Synchronization

let hits = Atomic<UInt64>(0)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let result = hits.wrappingAdd(1, ordering: .relaxed)
  return Int32(truncatingIfNeeded: result.newValue)
}
