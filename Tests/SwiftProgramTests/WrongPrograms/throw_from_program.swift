import BPF

enum Problem: Error {
  case odd
}

@section("xdp") @used
func program(_ ctx: XDPContext) throws(Problem) -> XDPAction {
  if ctx.receiveQueue & 1 == 1 { throw .odd }
  return .pass
}
