// expect: 2 kind=xdp program=connect
// language: Programs named like C functions
import BPF

@section("xdp") @used
func connect(_ ctx: XDPContext) -> XDPAction { .pass }
