// expect: 2 kind=xdp packet=udp
// helpers: Metadata in front of packets, and of the hardware
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard ctx.adjustMetadata(by: -4), ctx.metadata.store(UInt32(7), at: 0) else { return -1 }
  return 2
}
