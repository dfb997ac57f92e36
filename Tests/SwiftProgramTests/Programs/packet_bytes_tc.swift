// expect: 0 kind=tc packet=udp
import BPF

let license = License.gpl

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction {
  ctx.withBytes { bytes in bytes.load(Port.self, at: 36) == .discard ? .ok : .shot }
}
