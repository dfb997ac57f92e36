// expect: 2 kind=xdp license=Dual_MIT/GPL
// globals: The licence
import BPF

let license = License.dualMITGPL

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { 2 }
