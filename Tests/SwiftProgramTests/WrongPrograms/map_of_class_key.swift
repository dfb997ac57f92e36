import BPF

final class Flow: Hashable {
  static func == (a: Flow, b: Flow) -> Bool { a === b }
  func hash(into hasher: inout Hasher) {}
}

let flows = HashMap<Flow, UInt64>(maxEntries: 16)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { .pass }
