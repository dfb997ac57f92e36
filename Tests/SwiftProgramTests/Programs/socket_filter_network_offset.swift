// expect: 4294967295 kind=socket packet=udp
// kinds: A socket filter that reads from the network header
import BPF

@section("socket") @used
func program(_ ctx: SocketFilterContext) -> UInt32 {
  ctx.load(UInt8.self, atNetworkOffset: 9) == IPProtocol.udp.rawValue ? .max : 0
}
