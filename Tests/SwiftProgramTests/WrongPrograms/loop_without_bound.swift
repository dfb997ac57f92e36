import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  var value = Random.next
  while value != 1 {
    value = value & 1 == 0 ? value >> 1 : value &* 3 &+ 1
    value ^= Random.next
  }
  return .pass
}
