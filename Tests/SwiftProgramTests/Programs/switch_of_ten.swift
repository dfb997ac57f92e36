// expect: 50 kind=xdp
// language: A large switch
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  switch ctx.receiveQueue {
  case 0: 50
  case 1: 31
  case 2: 12
  case 3: 93
  case 4: 64
  case 5: 5
  case 6: 76
  case 7: 27
  case 8: 18
  default: -1
  }
}
