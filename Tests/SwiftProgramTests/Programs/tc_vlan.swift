// expect: 0 kind=tc packet=udp
// helpers: VLAN tags pushed and popped
import BPF

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction {
  guard ctx.pushVLAN(100), ctx.vlanTag == 100 || ctx.packet.ethernet?.vlan?.identifier == 100 else { return .shot }
  return ctx.popVLAN() ? .ok : .shot
}
