// expect: loads kind=sk_msg hosts=kernel
// kinds: sk_msg
import BPF

let sockets = SocketHashMap<UInt32>(maxEntries: 16)

@section("sk_msg") @used
func message(_ ctx: MessageContext) -> SocketVerdict {
  if ctx.packet[0] == 71 { return .drop }
  return sockets.redirect(ctx, to: UInt32(ctx.localPort.value))
}
