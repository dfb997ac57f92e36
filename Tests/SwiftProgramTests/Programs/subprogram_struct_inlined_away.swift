// expect: 7 kind=xdp
// language: Large results, inlined
import BPF

struct Two {
  var a: UInt64
  var b: UInt64
}

@inline(never)
func two(_ a: UInt32) -> Two { Two(a: UInt64(a &+ Random.next & 0), b: 7) }

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let result = two(ctx.receiveQueue)
  return Int32(truncatingIfNeeded: result.a &+ result.b)
}
