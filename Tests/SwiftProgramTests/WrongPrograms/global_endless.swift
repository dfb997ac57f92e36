import BPF

func endless() -> UInt32 {
  var value: UInt32 = 1
  while value != 0 { value = value &* 3 }
  return value
}

let answer = endless()

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { answer == 0 ? .pass : .drop }
