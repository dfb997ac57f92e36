// expect: 1 kind=xdp packet=udp
// helpers: Route lookups
import BPF

let license = License.gpl

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var parameters = bpf_fib_lookup()
  parameters.family = 2
  parameters.ifindex = ctx.ingressInterface
  return ctx.lookUpRoute(&parameters) >= -22 ? 1 : 0
}
