import BPF

protocol Shape {
  func area<Number: FixedWidthInteger>(_ scale: Number) -> Number
}
struct Square: Shape {
  func area<Number: FixedWidthInteger>(_ scale: Number) -> Number { scale &* 4 }
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let shape: any Shape = Square()
  return shape.area(ctx.receiveQueue) == 0 ? .pass : .drop
}
