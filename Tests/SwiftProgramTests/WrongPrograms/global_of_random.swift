import BPF

var seed = Random.next

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  seed &+= 1
  return seed & 1 == 0 ? .pass : .drop
}
