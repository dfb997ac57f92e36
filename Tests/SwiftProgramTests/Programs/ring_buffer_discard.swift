// expect: 2 kind=xdp
// maps: A reservation of a ring buffer, discarded
import BPF

let events = RingBuffer<UInt64>(byteCount: 4096)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let record = events.reserve() else { return 0 }
  record.value = 1
  if ctx.receiveQueue == 0 {
    record.discard()
    return 2
  }
  record.submit()
  return 3
}
