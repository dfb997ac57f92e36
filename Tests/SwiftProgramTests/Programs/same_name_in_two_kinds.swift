// expect: 2 kind=xdp program=program_xdp
// language: Two programs of one name
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { .pass }

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction { .ok }
