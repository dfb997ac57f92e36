import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var values = [UInt32]()
  values.append(ctx.receiveQueue)
  return Int32(truncatingIfNeeded: values.count)
}
