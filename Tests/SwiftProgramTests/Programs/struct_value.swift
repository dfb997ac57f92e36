// expect: 21 kind=xdp
// maps: Structs as values
import BPF

struct Traffic: BitwiseCopyable {
  var packets: UInt64
  var bytes: UInt64
  var last: UInt8
}

let traffic = HashMap<UInt32, Traffic>(maxEntries: 16)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  traffic.update(3, Traffic(packets: 1, bytes: 10, last: 4))
  guard let slot = traffic[3] else { return -1 }
  slot.value.packets.atomicAdd(1)
  slot.value.bytes &+= 5
  return Int32(truncatingIfNeeded: slot.value.packets &+ slot.value.bytes &+ UInt64(slot.value.last))
}
