import BPF

let packets = HashMap<UInt32, UInt64>(maxEntries: 16)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  packets[ctx.receiveQueue] = 1
  return .pass
}
