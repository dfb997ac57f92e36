// expect: 0 kind=tc packet=udp
// helpers: Packets that grow and shrink, tc
import BPF

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction {
  guard ctx.pull(byteCount: 42), ctx.adjustRoom(by: 20, at: .link), ctx.changeTail(byteCount: 60) else { return .shot }
  return ctx.packet.ethernet == nil ? .shot : .ok
}
