import BPF

let packets = HashMap<IPv4Address, UInt64>(maxEntries: 16)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  packets.count(ctx.receiveQueue)
  return .pass
}
