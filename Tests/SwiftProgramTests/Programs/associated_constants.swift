// expect: 31 kind=xdp
// language: Static constants that a protocol asks for
import BPF

protocol Shape {
  static var sides: UInt32 { get }
}
enum Triangle: Shape {
  static var sides: UInt32 { 3 }
}
enum Square: Shape {
  static var sides: UInt32 { 4 }
}

func angles<S: Shape>(_ shape: S.Type, _ count: UInt32) -> UInt32 { S.sides &* count }

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  Int32(truncatingIfNeeded: angles(Triangle.self, 5) &+ angles(Square.self, 4 &+ ctx.receiveQueue))
}
