import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let packets = HashMap<UInt32, UInt64>(maxEntries: 16)
  packets.count(ctx.receiveQueue)
  return .pass
}
