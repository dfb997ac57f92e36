// expect: 7 kind=tc packet=udp
// helpers: Redirection
import BPF

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction { TCContext.redirect(to: 1, ingress: true) }
