import BPF

let records = RingBuffer<UInt64>(byteCount: 4096)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  guard let record = records.reserve() else { return .pass }
  record.submit()
  record.submit()
  return .pass
}
