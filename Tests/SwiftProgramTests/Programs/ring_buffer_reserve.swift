// expect: 9 kind=xdp
// maps: A reservation of a ring buffer
import BPF

struct Event: BitwiseCopyable {
  var time: UInt64
  var pid: UInt32
  var name: InlineArray<16, UInt8>
}

let events = RingBuffer<Event>(byteCount: 4096)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let record = events.reserve() else { return 0 }
  record.value.time = Time.monotonic
  record.value.pid = 9
  record.value.name[0] = 65
  let pid = record.value.pid
  record.submit(wakeup: .always)
  return Int32(truncatingIfNeeded: pid)
}
