// expect: 4294967295 kind=socket packet=udp
// kinds: socket filter
import BPF

@section("socket") @used
func program(_ ctx: SocketFilterContext) -> UInt32 {
  ctx.load(UInt8.self, at: 9) == 200 ? 0 : .max
}
