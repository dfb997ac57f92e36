import BPF

enum Incoming {
  static let packets = HashMap<UInt32, UInt64>(maxEntries: 16)
}
enum Outgoing {
  static let packets = HashMap<UInt32, UInt32>(maxEntries: 32)
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  Incoming.packets.count(1)
  Outgoing.packets.count(1)
  return .pass
}
