// expect: 0 kind=lwt_in packet=udp
// kinds: lwt_in, lwt_out
import BPF

@section("lwt_in") @used
func input(_ ctx: TunnelInputContext) -> TunnelAction { ctx.packet.byteCount == 0 ? .drop : .ok }
