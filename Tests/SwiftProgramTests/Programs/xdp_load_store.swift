// expect: 10 kind=xdp packet=udp
// helpers: Loads and stores in packets of several parts
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard ctx.store(UInt8(10), at: 63), let byte: UInt8 = ctx.load(at: 63) else { return -1 }
  return Int32(byte)
}
