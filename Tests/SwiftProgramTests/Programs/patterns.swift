// expect: 7 kind=xdp
// language: Patterns
import BPF

enum Event {
  case number(UInt32)
  case pair(UInt32, UInt32)
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let events: (Event, Event) = (.number(ctx.receiveQueue &+ 5), .pair(1, 2))
  var result: UInt32 = 0
  if case .number(let value) = events.0, case 1...9 = value { result &+= value }
  switch events {
  case (.number(0), _): result = 0
  case (_, .pair(let a, let b)) where a < b: result &+= b
  default: result = 99
  }
  return Int32(truncatingIfNeeded: result)
}
