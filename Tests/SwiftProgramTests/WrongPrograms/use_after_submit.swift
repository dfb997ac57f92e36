import BPF

struct Record: BitwiseCopyable {
  var value: UInt64
}

let records = RingBuffer<Record>(byteCount: 4096)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let record = records.reserve() else { return 0 }
  record.submit()
  record.value.value = 5
  return 1
}
