// expect: 1 kind=xdp
// maps: LRUHashMap
import BPF

let seen = LRUHashMap<IPv4Address, UInt32>(maxEntries: 128)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  seen.count(IPv4Address(10, 0, 0, 1))
  return Int32(truncatingIfNeeded: seen[IPv4Address(10, 0, 0, 1)]?.value ?? 0)
}
