import BPF

final class Box {
  var value: UInt32 = 1
}

var saved: Box? = nil

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let box = Box()
  box.value = ctx.receiveQueue
  saved = box
  return Int32(truncatingIfNeeded: box.value)
}
