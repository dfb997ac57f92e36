import BPF

let packets = HashMap<UInt32, UInt64>(maxEntries: 16)

func program(_ ctx: XDPContext) -> XDPAction {
  packets.count(ctx.receiveQueue)
  return .pass
}
