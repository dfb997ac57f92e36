// expect: 49 kind=xdp packet=udp records=1
// maps: Bytes into a ring buffer
import BPF

struct Event: BitwiseCopyable {
  var time: UInt64
  var length: UInt16
  var payload: InlineArray<16, UInt8>
}

let events = RingBuffer<Event>(byteCount: 4096)

/// The record is not made on the ways out in front of it, where nothing must be given back.
@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let ip = ctx.packet.ipv4, let udp = ip.udp else { return -1 }
  var sum: Int32 = 0
  if let record = events.reserve() {
    record.value.time = 7
    record.value.length = ip.totalLength.value
    for i in 0..<16 { record.value.payload[i] = udp.payload[i] ?? 0 }
    sum += Int32(record.value.payload[4])
    if record.value.payload[1] == 1 { record.submit() } else { record.discard() }
  }
  guard let record = events.reserve() else { return -2 }
  record.value.payload[2] = udp.payload[45] ?? 45
  sum += Int32(record.value.payload[2])
  record.discard()
  return sum
}
