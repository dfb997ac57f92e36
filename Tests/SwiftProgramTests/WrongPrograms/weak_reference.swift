import BPF

final class Node {
  weak var next: Node?
}

let node = Node()

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { node.next == nil ? .pass : .drop }
