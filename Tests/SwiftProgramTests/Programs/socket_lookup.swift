// expect: 0 kind=xdp packet=udp
// helpers: Looking up sockets
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let ip = ctx.packet.ipv4, let udp = ip.udp else { return -1 }
  let ends = IPv4Ends(
    source: ip.source, destination: ip.destination, sourcePort: udp.sourcePort, destinationPort: udp.destinationPort)
  guard let socket = ctx.udpSocket(ends) else { return 0 }
  return Int32(truncatingIfNeeded: socket.state.rawValue)
}
