// expect: 9 kind=xdp
// language: `inout` arguments of functions that stay functions
import BPF

@inline(never)
func add(_ value: inout UInt32, _ amount: UInt32) { value = value &+ amount &+ (Random.next & 0) }

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var value = ctx.receiveQueue
  add(&value, 4)
  add(&value, 5)
  return Int32(truncatingIfNeeded: value)
}
