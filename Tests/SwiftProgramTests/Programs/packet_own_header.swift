// expect: 1 kind=xdp packet=udp
// packets: A header of the program's own
import BPF

struct Echo: PacketHeader {
  var magic: BigEndian<UInt32>
  var count: BigEndian<UInt16>
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let echo: Header<Echo> = ctx.packet.ipv4?.udp?.payload.header() else { return -1 }
  return echo.fields.magic == 0x0001_0203 && echo.fields.count == 0x0405 ? 1 : 0
}
