// expect: 1 kind=xdp records=1
// maps: A record into a ring buffer
import BPF

struct Event: BitwiseCopyable {
  var kind: UInt8
  var value: UInt64
}

let events = RingBuffer<Event>(byteCount: 4096)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { events.submit(Event(kind: 3, value: 9)) ? 1 : 0 }
