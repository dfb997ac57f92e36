// expect: 2 kind=xdp
// language: Option sets
import BPF

struct Flags: OptionSet {
  let rawValue: UInt8
  static let a = Flags(rawValue: 1)
  static let b = Flags(rawValue: 2)
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let flags: Flags = [.a, .b]
  let rest = flags.subtracting(Flags(rawValue: UInt8(truncatingIfNeeded: ctx.receiveQueue &+ 1)))
  return rest.contains(.b) ? 2 : 1
}
