// expect: 1 kind=xdp packet=udp
// maps: Structs as keys
import BPF

struct Flow: BitwiseCopyable {
  var source: IPv4Address
  var destination: IPv4Address
  var sourcePort: UInt16
  var destinationPort: UInt16
  var proto: IPProtocol
}

let flows = HashMap<Flow, UInt64>(maxEntries: 64)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let ip = ctx.packet.ipv4 else { return -1 }
  let flow = Flow(source: ip.source, destination: ip.destination, sourcePort: 1, destinationPort: 2, proto: ip.protocol)
  flows.count(flow)
  return flows[flow] == nil ? 0 : 1
}
