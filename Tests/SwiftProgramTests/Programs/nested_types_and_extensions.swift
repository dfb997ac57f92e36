// expect: 6 kind=xdp
// language: Nested types, extensions
import BPF

struct Outer {
  struct Inner {
    var value: UInt32
  }
  var inner: Inner
}

extension Outer.Inner {
  var doubled: UInt32 { value &* 2 }
  mutating func add(_ amount: UInt32) { value &+= amount }
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var outer = Outer(inner: .init(value: ctx.receiveQueue &+ 1))
  outer.inner.add(2)
  return Int32(truncatingIfNeeded: outer.inner.doubled)
}
