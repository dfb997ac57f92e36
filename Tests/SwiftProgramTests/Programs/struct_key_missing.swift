// expect: 1 kind=xdp packet=udp
// maps: A struct key that is not there
import BPF

struct Flow: BitwiseCopyable {
  var source: IPv4Address
  var proto: IPProtocol
}

let flows = HashMap<Flow, UInt64>(maxEntries: 64)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let ip = ctx.packet.ipv4 else { return -1 }
  return flows[Flow(source: ip.source, proto: ip.protocol)] == nil ? 1 : 0
}
