import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let value = Double(ctx.receiveQueue) * 1.5
  return Int32(value)
}
