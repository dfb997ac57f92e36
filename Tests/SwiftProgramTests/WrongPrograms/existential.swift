import BPF

protocol Value {
  func value() -> UInt32
}
struct One: Value {
  func value() -> UInt32 { 1 }
}
struct Two: Value {
  func value() -> UInt32 { 2 }
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let value: any Value = ctx.receiveQueue == 0 ? One() : Two()
  return Int32(truncatingIfNeeded: value.value())
}
