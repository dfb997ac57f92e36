// expect: 0 kind=xdp
// language: Large values that the optimizer removes
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var values = InlineArray<100, UInt64>(repeating: 0)
  values[Int(ctx.receiveQueue & 63)] = Time.monotonic
  return Int32(truncatingIfNeeded: values[Int(ctx.ingressInterface & 63)] & 0)
}
