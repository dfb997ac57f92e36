// expect: 24 kind=xdp packet=udp hosts=kernel
// helpers: Checked sums in an open-coded iterator
import BPF

let license = License.gpl

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let packet = ctx.packet
  var sum: UInt32 = 0
  var count = 0
  iterate(0..<1500) { i in
    guard let byte = packet[Int(i)] else { return .stop }
    sum += UInt32(byte)
    count += 1
    return .next
  }
  var values = InlineArray<16, UInt32>(repeating: 1)
  iterate(0..<8) { i in
    values[Int(i)] += 1
    return .next
  }
  var total: UInt32 = 0
  for i in 0..<16 { total += values[i] }
  return sum > 100 && count == 64 ? Int32(total) : -1
}
