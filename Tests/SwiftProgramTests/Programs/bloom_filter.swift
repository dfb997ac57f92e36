// expect: 1 kind=xdp hosts=kernel
// maps: BloomFilter
import BPF

let seen = BloomFilter<UInt64>(maxEntries: 64, hashFunctions: 3)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  seen.insert(7)
  return seen.mayContain(7) ? 1 : 0
}
