// expect: 0 kind=tcx/ingress packet=udp
import BPF

@section("tcx/ingress") @used
func program(_ ctx: TCContext) -> TCAction { ctx.byteCount > 0 ? .ok : .shot }
