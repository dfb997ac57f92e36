import BPF

let license = License.gpl

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  printk("queue \(ctx.receiveQueue)")
  return .pass
}
