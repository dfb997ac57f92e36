import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  printk("queue %d", ctx.receiveQueue)
  return .pass
}
