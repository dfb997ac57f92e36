import BPF

struct Counts {
  var packets: UInt64 = 0
  var bytes: UInt64 = 0
}

@inline(never)
func add(_ counts: inout Counts, _ path: WritableKeyPath<Counts, UInt64>) { counts[keyPath: path] &+= Time.monotonic }

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  var counts = Counts()
  add(&counts, ctx.receiveQueue == 0 ? \.packets : \.bytes)
  return counts.packets == 0 ? .pass : .drop
}
