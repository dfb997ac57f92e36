import BPF

let license = License.gpl
let otherLicense = License("MIT")

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { .pass }
