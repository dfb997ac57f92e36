import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let factor = UInt128(Time.monotonic)
  let product = factor &* factor &* 5 / (factor &+ UInt128(Random.next) &* 3)
  return UInt64(truncatingIfNeeded: product) > 1 ? .pass : .drop
}
