import BPF

struct Two {
  var a: UInt64
  var b: UInt64
}

@inline(never)
func first(_ a: UInt32) -> Two { Two(a: UInt64(a) &+ (Time.monotonic & 0) &+ 5, b: (Time.monotonic & 0) &+ 6) }

@inline(never)
func second(_ a: UInt32) -> Two {
  let now = Time.monotonic
  return Two(a: UInt64(a) ^ now, b: now)
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let one = first(ctx.receiveQueue)
  let other = second(0)
  return Int32(truncatingIfNeeded: one.a &+ one.b &+ (other.a == other.b ? 0 : 90))
}
