// options: --cpu v1
import BPF

let counts = ArrayMap<UInt64>(count: 1)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  guard let count = counts[0] else { return .pass }
  return count.value.atomicFetchAdd(1) & 1 == 0 ? .pass : .drop
}
