import BPF

struct Settings {
  static let limit = UInt64(Task.current.pid)
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { UInt64(ctx.receiveQueue) < Settings.limit ? .pass : .drop }
