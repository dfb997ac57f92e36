// expect: 1 kind=xdp
// maps: A reservation that goes out of scope is discarded
import BPF

struct Record: BitwiseCopyable {
  var value: UInt64
}

let records = RingBuffer<Record>(byteCount: 4096)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let record = records.reserve() else { return 0 }
  record.value.value = 5
  if ctx.receiveQueue == 7 { record.submit() }
  return 1
}
