// expect: 2 kind=xdp
// language: An enum of the program's own as result
import BPF

enum Verdict: Int32 {
  case drop = 1
  case pass = 2
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let verdict: Verdict = ctx.receiveQueue == 0 ? .pass : .drop
  return verdict.rawValue
}
