import BPF

@inline(never)
func number(_ value: Any) -> UInt32 {
  if let number = value as? UInt32 { return number }
  return 0
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { number(ctx.receiveQueue) == 0 ? .pass : .drop }
