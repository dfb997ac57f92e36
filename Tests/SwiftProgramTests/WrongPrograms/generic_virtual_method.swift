import BPF

class Handler {
  func handle<Value: FixedWidthInteger>(_ value: Value) -> Bool { value == 0 }
}
final class Other: Handler {
  override func handle<Value: FixedWidthInteger>(_ value: Value) -> Bool { value == 1 }
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let handler = ctx.receiveQueue == 0 ? Handler() : Other()
  return handler.handle(ctx.ingressInterface) ? .pass : .drop
}
