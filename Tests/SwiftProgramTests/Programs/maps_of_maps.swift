// expect: 0 kind=xdp
// maps: Maps of maps
import BPF

let tables = ArrayOfMaps<HashMap<UInt32, UInt64>>(count: 4, innerMaxEntries: 16)
let named = HashOfMaps<UInt32, ArrayMap<UInt64>>(maxEntries: 4, innerMaxEntries: 8)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  tables[ctx.receiveQueue]?.count(3)
  if let slot = named[7]?[0] { slot.value &+= 1 }
  return tables[0] == nil ? 0 : 1
}
