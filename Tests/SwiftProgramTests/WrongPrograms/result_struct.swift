import BPF

struct Verdict {
  var action: UInt64
  var reason: UInt64
  var mark: UInt64
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Verdict { Verdict(action: Time.monotonic, reason: 1, mark: 2) }
