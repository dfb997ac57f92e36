// expect: 10 kind=xdp
// language: Generics over integers
import BPF

struct Ring<let count: Int> {
  var values = InlineArray<count, UInt32>(repeating: 0)
  var next: UInt32 = 0
  mutating func put(_ value: UInt32) {
    values[Int(next & UInt32(count - 1))] = value
    next &+= 1
  }
  var sum: UInt32 {
    var result: UInt32 = 0
    for i in 0..<count { result &+= values[i] }
    return result
  }
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var ring = Ring<4>()
  for i in 0..<5 { ring.put(UInt32(truncatingIfNeeded: i) &+ ctx.receiveQueue) }
  return Int32(truncatingIfNeeded: ring.sum)
}
