import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let text = "n=\(ctx.receiveQueue)"
  return Int32(text.utf8.count)
}
