// expect: 3 kind=xdp packet=tcp output=tcp_nat
// packets: Addresses and checksums rewritten
import BPF

let backend = IPv4Address(198, 51, 100, 7)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let ip = ctx.packet.ipv4, let tcp = ip.tcp else { return 2 }
  ip.checksum.replace(ip.destination, with: backend)
  tcp.checksum.replace(ip.destination, with: backend)
  ip.destination = backend
  tcp.checksum.replace(tcp.destinationPort, with: 8443)
  tcp.destinationPort = 8443
  return 3
}
