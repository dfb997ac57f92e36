// expect: 0 kind=lwt_xmit packet=udp
// kinds: lwt_xmit
import BPF

@section("lwt_xmit") @used
func transmit(_ ctx: TunnelTransmitContext) -> TunnelAction {
  ctx.mark = 3
  return ctx.packet.byteCount == 0 ? .drop : .ok
}
