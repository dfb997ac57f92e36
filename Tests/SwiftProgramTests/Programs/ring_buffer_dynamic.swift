// expect: 7 kind=xdp hosts=kernel
// maps: Ring buffer records of variable size (dynptr)
import BPF

let events = RingBuffer<UInt8>(byteCount: 4096)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var seen: UInt32 = 0
  let done = events.withDynamicRecord(byteCount: 8 &+ ctx.receiveQueue) { record in
    record.store(UInt32(3), at: 0)
    record.store(UInt32(4), at: 4)
    seen = (record.load(UInt32.self, at: 0) ?? 0) &+ (record.load(UInt32.self, at: 4) ?? 0)
    return .submit
  }
  return done ? Int32(truncatingIfNeeded: seen) : -1
}
