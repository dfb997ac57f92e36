// expect: 60 kind=xdp packet=udp
// packets: A loop over a packet's bytes
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let packet = ctx.packet
  var count: Int32 = 0
  for i in 0..<60 {
    guard let byte = packet[i] else { break }
    if byte != 255 { count &+= 1 }
  }
  return count
}
