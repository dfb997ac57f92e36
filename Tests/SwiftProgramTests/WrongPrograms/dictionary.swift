import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var seen = [UInt32: UInt32]()
  seen[ctx.receiveQueue] = 1
  return Int32(truncatingIfNeeded: seen.count)
}
