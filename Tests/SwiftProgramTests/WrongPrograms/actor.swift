import BPF

actor Counter {
  var value: UInt32 = 0
  func add() { value &+= 1 }
}

let counter = Counter()

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  _ = counter
  return .pass
}
