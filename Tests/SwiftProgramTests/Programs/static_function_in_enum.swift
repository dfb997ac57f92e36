// expect: 9 kind=xdp
// language: Programs as static functions
import BPF

enum Filters {
  @section("xdp") @used
  static func program(_ ctx: XDPContext) -> Int32 { 9 + Int32(truncatingIfNeeded: ctx.receiveQueue) }
}
