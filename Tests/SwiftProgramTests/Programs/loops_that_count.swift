// expect: 1111 kind=xdp packet=udp
// language: Loops that count
import BPF

let table = ArrayMap<UInt64>(count: 1000)

/// Checked sums in loops of which the verifier sees no end.
@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let packet = ctx.packet
  var result: Int32 = 0
  var odd: UInt32 = 0
  for i in bounded(0..<packet.byteCount) { odd += UInt32(packet[i] ?? 0) & 1 }
  if odd > 4 { result += 1 }

  var n = ctx.receiveQueue + 1000
  var steps = 0
  while mayContinue(), n > 100 {
    n /= 2
    steps += 1
  }
  if steps == 4 { result += 10 }

  table[3]?.value = 5
  var sum: UInt64 = 0
  var elements = 0
  table.forEach { _, value in
    sum += value.value
    elements += 1
    return .next
  }
  if sum == 5, elements == 1000 { result += 100 }

  // No bound of the index but the packet's end.
  var bytes: UInt32 = 0
  loop(100_000) { i in
    guard let byte = packet[Int(i)] else { return .stop }
    bytes += UInt32(byte)
    return .next
  }
  if bytes > 100 { result += 1000 }
  return result
}
