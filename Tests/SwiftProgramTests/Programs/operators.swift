// expect: 25 kind=xdp
// language: Operators of the program's own
import BPF

struct Vector: Equatable {
  var x: UInt32
  var y: UInt32
  static func + (a: Vector, b: Vector) -> Vector { Vector(x: a.x &+ b.x, y: a.y &+ b.y) }
  static func * (a: Vector, b: Vector) -> UInt32 { a.x &* b.x &+ a.y &* b.y }
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let a = Vector(x: 1 &+ ctx.receiveQueue, y: 2)
  let b = a + Vector(x: 2, y: 2)
  return b == Vector(x: 3, y: 4) ? Int32(truncatingIfNeeded: b * b) : 0
}
