// expect: 4662 kind=xdp
// language: Byte order: `byteSwapped`, `bigEndian`
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let half = UInt16(truncatingIfNeeded: ctx.receiveQueue &+ 0x3412)
  let long = (UInt64(ctx.receiveQueue) &+ 5).byteSwapped
  let word = (ctx.receiveQueue &+ 9).bigEndian
  return Int32(half.byteSwapped) &+ (long == 5 << 56 ? 1 : 0) &+ (word == 9 << 24 ? 1 : 0)
}
