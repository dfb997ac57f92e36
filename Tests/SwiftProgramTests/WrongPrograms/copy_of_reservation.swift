import BPF

let records = RingBuffer<UInt64>(byteCount: 4096)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let record = records.reserve() else { return 0 }
  let other = record
  record.submit()
  other.submit()
  return 1
}
