import BPF

@section("socket") @used
func program(_ ctx: SocketFilterContext) -> UInt32 { UInt32(ctx.packet.byteCount) }
