import BPF

@inline(never)
func six(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ e: UInt32, _ f: UInt32) -> UInt32 {
  (a ^ b ^ c ^ d ^ e ^ f) &+ Random.next
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let first = six(Random.next, Random.next, Random.next, Random.next, Random.next, Random.next)
  let second = six(Random.next, Random.next, Random.next, Random.next, Random.next, Random.next)
  return Int32(truncatingIfNeeded: (first &+ second) & 0)
}
