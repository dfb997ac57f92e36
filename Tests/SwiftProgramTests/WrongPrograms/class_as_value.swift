import BPF

final class Node {}

let nodes = HashMap<UInt32, Node>(maxEntries: 4)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { 2 }
