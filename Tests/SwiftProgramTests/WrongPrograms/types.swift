import BPF

let counts = HashMap<IPv4Address, UInt64>(maxEntries: 1024)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  guard let ip = ctx.packet.ipv4 else { return .pass }
  counts[ip.source]?.value = ip.timeToLive
  return .pass
}
