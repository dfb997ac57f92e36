// expect: 3 kind=xdp
// globals: Two variables of one name
import BPF

enum Incoming {
  static var packets: UInt64 = 1
}
enum Outgoing {
  static var packets: UInt64 = 2
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: Incoming.packets &+ Outgoing.packets) }
