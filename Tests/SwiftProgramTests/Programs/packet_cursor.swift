// expect: 1234 kind=xdp packet=udp
// packets: A cursor over a packet
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var cursor = ctx.packet.cursor
  guard let eth = cursor.next(EthernetHeader.self), eth.type == .ipv4, let ip = cursor.next(IPv4Header.self) else { return -1 }
  cursor.skip(ip.headerLength &- 20)
  guard let udp = cursor.next(UDPHeader.self) else { return -2 }
  return Int32(udp.sourcePort.value)
}
