import BPF

let values = ArrayMap<UInt64>(count: 4)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { values.remove(1) ? 1 : 0 }
