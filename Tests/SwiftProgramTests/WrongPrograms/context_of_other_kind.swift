import BPF

@section("xdp") @used
func program(_ ctx: TCContext) -> Int32 { Int32(ctx.mark) }
