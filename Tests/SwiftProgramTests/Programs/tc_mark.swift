// expect: 0 kind=tc packet=udp
// kinds: tc: marks
import BPF

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction {
  ctx.mark = 53
  ctx.priority = 2
  return ctx.packet.ipv4?.udp?.destinationPort == .discard && ctx.mark == 53 ? .ok : .shot
}
