import BPF

struct Five {
  var a: UInt64
  var b: UInt64
  var c: UInt64
  var d: UInt64
  var e: UInt64
}

@inline(never)
func five(_ a: UInt32) -> Five {
  let now = Time.monotonic
  return Five(a: UInt64(a) &+ now, b: now, c: 3, d: 4, e: now)
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let result = five(ctx.receiveQueue)
  return Int32(truncatingIfNeeded: result.a &- result.b &+ result.c &+ (result.e == result.a ? 0 : 50))
}
