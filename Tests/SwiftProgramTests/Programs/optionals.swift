// expect: 5 kind=xdp
// language: Optionals
import BPF

func half(_ value: UInt32) -> UInt32? { value & 1 == 0 ? value / 2 : nil }

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let five = half(ctx.receiveQueue &+ 10), half(five &+ 1) ?? 3 == 3 else { return -1 }
  return half(7) == nil ? Int32(truncatingIfNeeded: five) : 0
}
