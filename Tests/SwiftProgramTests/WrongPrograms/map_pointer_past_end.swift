import BPF

let table = ArrayMap<UInt64>(count: 4)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  guard let entry = table[0] else { return .pass }
  return entry.pointer[Int(ctx.receiveQueue)] == 0 ? .pass : .drop
}
