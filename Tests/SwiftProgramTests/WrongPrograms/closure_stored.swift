import BPF

struct Rule {
  var matches: (UInt32) -> Bool
}

@inline(never)
func rule(_ limit: UInt32) -> Rule { Rule { $0 > limit } }

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { rule(Random.next).matches(ctx.receiveQueue) ? .drop : .pass }
