// expect: 3 kind=xdp
// language: `addingReportingOverflow` and others
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let value = UInt8(truncatingIfNeeded: ctx.receiveQueue &+ 250)
  let (sum, overflow) = value.addingReportingOverflow(9)
  return overflow ? Int32(sum) : -1
}
