// expect: 2 kind=xdp trace=hello_from_swift_42
// helpers: `printk`
import BPF

let license = License.gpl

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  printk("hello_from_swift_%d", ctx.receiveQueue &+ 42)
  return 2
}
