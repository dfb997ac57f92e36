// expect: 0 kind=xdp
// helpers: Differences of checksums
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let a = ChecksumDifference(of: UInt64(0x0102_0304_0506_0708))
  let b = ChecksumDifference(from: UInt32(ctx.receiveQueue), to: UInt32(0x0506_0708), seed: 0)
  return a.rawValue != 0 && b.rawValue != 0 ? 0 : 1
}
