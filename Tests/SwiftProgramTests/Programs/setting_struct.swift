// expect: 42 kind=xdp
// globals: A setting that is a struct
import BPF

struct Limits: BitwiseCopyable {
  var rate: UInt32
  var burst: UInt64
}

let limits = Setting(Limits(rate: 2, burst: 40))

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: UInt64(limits.value.rate) &+ limits.value.burst) }
