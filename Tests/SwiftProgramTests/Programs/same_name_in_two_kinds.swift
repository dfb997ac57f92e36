// expect: 2 kind=xdp program=program_xdp
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { .pass }

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction { .ok }
