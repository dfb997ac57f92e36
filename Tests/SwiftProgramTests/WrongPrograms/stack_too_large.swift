import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var values = InlineArray<100, UInt64>(repeating: 1)
  withUnsafeMutableBytes(of: &values) { _ = bpf_get_current_comm($0.baseAddress, 800) }
  return Int32(truncatingIfNeeded: values[Int(ctx.ingressInterface & 63)] & 0)
}
