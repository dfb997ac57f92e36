// expect: 1 kind=netfilter packet=udp hosts=kernel
// kinds: netfilter
import BPF

@section("netfilter") @used
func filter(_ ctx: NetfilterContext) -> NetfilterVerdict { ctx.buffer == nil ? .drop : .accept }
