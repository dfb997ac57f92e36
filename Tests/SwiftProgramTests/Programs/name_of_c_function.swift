// expect: 2 kind=xdp program=connect
import BPF

@section("xdp") @used
func connect(_ ctx: XDPContext) -> XDPAction { .pass }
