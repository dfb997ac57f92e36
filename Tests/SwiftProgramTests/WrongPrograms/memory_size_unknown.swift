import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Int(ctx.receiveQueue)) { buffer in
    buffer.initialize(repeating: 1)
    return buffer.count == 0 ? .pass : .drop
  }
}
