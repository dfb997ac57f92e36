import BPF

final class Node {}

struct Entry {
  var count: UInt64
  var node: Node
}

let entries = HashMap<UInt32, Entry>(maxEntries: 16)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { entries[0] == nil ? .pass : .drop }
