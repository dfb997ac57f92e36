// expect: 2 kind=xdp packet=udp hosts=kernel
// packets: Bytes of all parts of a packet (dynptr), xdp
import BPF

let license = License.gpl

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  ctx.withBytes { bytes in
    guard bytes.byteCount == 64, let port: Port = bytes.load(at: 36), port == .discard else { return 1 }
    return 2
  }
}
