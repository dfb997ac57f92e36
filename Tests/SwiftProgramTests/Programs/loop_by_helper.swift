// expect: 4950 kind=xdp
// helpers: `loop(count)` (`bpf_loop`)
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var sum: UInt32 = ctx.receiveQueue
  loop(1000) { index in
    if index == 100 { return .stop }
    sum &+= index
    return .next
  }
  return Int32(truncatingIfNeeded: sum)
}
