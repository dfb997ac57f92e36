// expect: 0 kind=tc packet=udp hosts=kernel
// packets: Bytes of all parts of a packet (dynptr), tc
import BPF

let license = License.gpl

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction {
  ctx.withBytes { bytes in bytes.load(Port.self, at: 36) == .discard ? .ok : .shot }
}
