import BPF

let packets = HashMap<UInt32, UInt64>(maxEntries: 1 << 40)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  packets.count(ctx.receiveQueue)
  return .pass
}
