// expect: 4 kind=xdp
// maps: Maps of maps with structs as values
import BPF

struct Counter: BitwiseCopyable {
  var packets: UInt64 = 0
  var bytes: UInt64 = 0
}

let tenants = HashOfMaps<UInt32, HashMap<IPv4Address, Counter>>(maxEntries: 4, innerMaxEntries: 16)
let perQueue = ArrayOfMaps<LRUHashMap<UInt32, UInt32>>(count: 2, innerMaxEntries: 8)
let perProcessor = ArrayOfMaps<PerCPUArrayMap<UInt64>>(count: 2, innerMaxEntries: 8)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let ip = ctx.packet.ipv4 else { return -1 }
  if let table = tenants[5] {
    if let counter = table[ip.source, default: Counter()] {
      counter.value.packets += 1
      counter.value.bytes += ctx.byteCount
    }
    table.remove(ip.destination)
  }
  perQueue[ctx.receiveQueue]?.count(9)
  perProcessor[0]?.add(3, to: 1)
  return tenants[5] == nil && perQueue[0] == nil && perProcessor[1] == nil ? 4 : 0
}
