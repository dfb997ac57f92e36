// expect: 0 kind=tcx/ingress packet=udp
// kinds: tcx
import BPF

@section("tcx/ingress") @used
func program(_ ctx: TCContext) -> TCAction { ctx.byteCount > 0 ? .ok : .shot }
