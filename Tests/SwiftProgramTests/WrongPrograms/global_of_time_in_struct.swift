import BPF

struct Start {
  var time: UInt64
  var cpu: UInt32
}

let start = Start(time: 0, cpu: CPU.current)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { start.cpu == 0 ? .pass : .drop }
