// expect: 76 kind=xdp
// language: Shifts, masks, leading zeros, population counts
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let value = UInt64(ctx.receiveQueue) | 0xF0
  let a = value.leadingZeroBitCount
  let b = value.trailingZeroBitCount
  let c = value.nonzeroBitCount
  let d = (UInt32(truncatingIfNeeded: value) << 4 | 1) >> 8
  return Int32(truncatingIfNeeded: a &+ b &+ c &+ Int(d & 1)) &+ 11
}
