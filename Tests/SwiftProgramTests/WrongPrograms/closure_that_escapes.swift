import BPF

var saved: ((UInt32) -> UInt32)? = nil

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let queue = ctx.receiveQueue
  saved = { $0 &+ queue }
  return Int32(truncatingIfNeeded: saved!(1))
}
