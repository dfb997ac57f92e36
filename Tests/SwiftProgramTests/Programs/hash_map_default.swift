// expect: 8 kind=xdp
// maps: `map[key, default: value]`
import BPF

let values = HashMap<UInt32, UInt64>(maxEntries: 16)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  values[ctx.receiveQueue, default: 7]?.value += 1
  return Int32(truncatingIfNeeded: values[ctx.receiveQueue]?.value ?? 0)
}
