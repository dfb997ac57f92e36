// expect: 1 kind=xdp
// globals: A setting that is an address
import BPF

let service = Setting(IPv4Address(10, 0, 0, 2))

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { service.value == IPv4Address(10, 0, 0, 2) ? 1 : 0 }
