// expect: 2 kind=xdp packet=udp
import BPF

let license = License.gpl

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  ctx.withBytes { bytes in
    guard bytes.byteCount == 64, let port: Port = bytes.load(at: 36), port == .discard else { return 1 }
    return 2
  }
}
