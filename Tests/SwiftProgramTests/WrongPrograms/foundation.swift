import BPF
import Foundation

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { Date().timeIntervalSince1970 > 0 ? .pass : .drop }
