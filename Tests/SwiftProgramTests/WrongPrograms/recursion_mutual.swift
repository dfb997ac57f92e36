import BPF

@inline(never)
func isEven(_ value: UInt32) -> Bool { value == 0 ? true : isOdd(value &- 1) }

@inline(never)
func isOdd(_ value: UInt32) -> Bool { value == 0 ? false : isEven(value &- 1) }

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { isEven(Random.next) ? .pass : .drop }
