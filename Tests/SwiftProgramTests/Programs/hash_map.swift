// expect: 15 kind=xdp
// maps: HashMap
import BPF

let values = HashMap<UInt32, UInt64>(maxEntries: 16)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  values.update(1, 5)
  values.update(1, 6, .create)
  values.update(2, 9, .replace)
  values.count(1, by: 10)
  let gone = values.remove(2)
  return gone ? -1 : Int32(truncatingIfNeeded: values[1]?.value ?? 0)
}
