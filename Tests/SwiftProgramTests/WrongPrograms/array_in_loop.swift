import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  var ports: [UInt16] = []
  for index in 0..<4 {
    guard let port: UInt16 = ctx.packet.load(at: 34 + index * 2) else { return .pass }
    ports.append(port)
  }
  return ports[1] == 80 ? .drop : .pass
}
