// expect: 33 kind=xdp
// helpers: `forEach` over a map's elements
import BPF

let values = HashMap<UInt32, UInt64>(maxEntries: 8)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  values.update(1, 10)
  values.update(2, 20)
  var sum: UInt64 = 0
  values.forEach { key, value in
    sum &+= UInt64(key.value) &+ value.value
    return .next
  }
  return Int32(truncatingIfNeeded: sum)
}
