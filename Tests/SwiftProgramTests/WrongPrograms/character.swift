import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let letter = Character(UnicodeScalar(UInt8(truncatingIfNeeded: ctx.receiveQueue)))
  return letter == "a" ? .drop : .pass
}
