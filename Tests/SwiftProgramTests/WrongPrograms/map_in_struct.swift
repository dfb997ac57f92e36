import BPF

struct Statistics: ~Copyable {
  let limit: UInt32 = 5
  let packets = HashMap<UInt32, UInt64>(maxEntries: 16)
}

let statistics = Statistics()

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  statistics.packets.count(ctx.receiveQueue)
  return .pass
}
