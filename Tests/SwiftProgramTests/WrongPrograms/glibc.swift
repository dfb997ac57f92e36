import BPF
import Glibc

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { time(nil) > 0 ? .pass : .drop }
