import BPF

let averages = HashMap<UInt32, Double>(maxEntries: 16)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  if let average = averages[ctx.receiveQueue] { average.value *= 0.5 }
  return .pass
}
