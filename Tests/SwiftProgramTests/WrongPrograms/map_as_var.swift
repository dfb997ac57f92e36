import BPF

var packets = HashMap<UInt32, UInt64>(maxEntries: 16)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  packets = HashMap<UInt32, UInt64>(maxEntries: 32)
  return .pass
}
