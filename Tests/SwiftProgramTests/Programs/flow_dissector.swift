// expect: 0 kind=flow_dissector packet=udp hosts=kernel
// kinds: flow_dissector
import BPF

@section("flow_dissector") @used
func dissect(_ ctx: FlowDissectorContext) -> DissectorAction {
  ctx.keys.pointee.nhoff = 14
  ctx.keys.pointee.thoff = 34
  return ctx.packet.byteCount > 20 ? .ok : .drop
}
