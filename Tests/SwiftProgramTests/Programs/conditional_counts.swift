// expect: 203 kind=xdp packet=udp
// language: Counts that change in some turns of a loop
import BPF

/// Counts that change in some turns only, and are checked: the paths do not double.
@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let udp = ctx.packet.ipv4?.udp else { return -1 }
  var dots = 0
  var odd: UInt32 = 0
  for i in 0..<64 {
    guard let byte = udp.payload[i] else { break }
    if byte == UInt8(ascii: ".") { dots += 1 }
    if byte & 7 == 7 { dots += 1 }
    if byte & 1 == 1 { odd += 1 }
  }
  var bits: Int32 = 0
  for i in UInt32(0)..<32 where odd >> i & 1 == 1 { bits += 1 }
  return Int32(dots) * 100 + bits
}
