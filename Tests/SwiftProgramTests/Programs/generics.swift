// expect: 7 kind=xdp
// language: Generic functions and types
import BPF

func larger<T: Comparable>(_ a: T, _ b: T) -> T { a < b ? b : a }

struct Pair<A: FixedWidthInteger, B: FixedWidthInteger> {
  var a: A
  var b: B
  func sum() -> UInt64 { UInt64(truncatingIfNeeded: a) &+ UInt64(truncatingIfNeeded: b) }
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let queue = ctx.receiveQueue
  return Int32(truncatingIfNeeded: Pair(a: UInt8(truncatingIfNeeded: larger(queue, 3)), b: UInt16(4)).sum())
}
