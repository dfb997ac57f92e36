// expect: 30 kind=xdp
// language: Protocols with associated types
import BPF

protocol Parser {
  associatedtype Output
  func parse(_ value: UInt32) -> Output
}

struct Doubling: Parser {
  func parse(_ value: UInt32) -> UInt32 { value &* 2 }
}

struct Then<First: Parser, Second: Parser>: Parser where First.Output == UInt32 {
  let first: First
  let second: Second
  func parse(_ value: UInt32) -> Second.Output { second.parse(first.parse(value) &+ 5) }
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  Int32(truncatingIfNeeded: Then(first: Doubling(), second: Doubling()).parse(ctx.receiveQueue &+ 5))
}
