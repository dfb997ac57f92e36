// expect: 2 kind=xdp
// maps: PerfEventArray
import BPF

let license = License.gpl

struct Event: BitwiseCopyable {
  var value: UInt64
}

let events = PerfEventArray<Event>()

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  events.output(ctx, Event(value: 4))
  return 2
}
