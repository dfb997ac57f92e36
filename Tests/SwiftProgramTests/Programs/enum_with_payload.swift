// expect: 12 kind=xdp
// language: Enums with payloads
import BPF

enum Shape {
  case none
  case square(UInt32)
  case rectangle(UInt32, UInt32)

  var area: UInt32 {
    switch self {
    case .none: 0
    case .square(let side): side &* side
    case .rectangle(let a, let b): a &* b
    }
  }
}

func make(_ index: UInt32) -> Shape {
  switch index {
  case 0: .rectangle(3, 4)
  case 1: .square(index)
  default: .none
  }
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: make(ctx.receiveQueue).area) }
