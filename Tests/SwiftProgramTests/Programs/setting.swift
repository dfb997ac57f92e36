// expect: 443 kind=xdp
// globals: Settings: constants that the application sets
import BPF

let targetPort = Setting<UInt16>(443)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 { Int32(targetPort.value) &+ Int32(truncatingIfNeeded: ctx.receiveQueue) }
