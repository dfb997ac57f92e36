import BPF

let packets = ArrayMap<UInt64>(count: 1)

@section("xdp") @used
func program(_ ctx: XDPContext) { packets[0]?.add(1) }
