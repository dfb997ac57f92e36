import BPF

let scratch = PerCPUArrayMap<InlineArray<65_536, UInt8>>(count: 1)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { scratch[0] == nil ? .drop : .pass }
