// expect: loads kind=sockops hosts=kernel
// kinds: sockops
import BPF

let established = HashMap<UInt32, UInt64>(maxEntries: 16)

@section("sockops") @used
func event(_ ctx: SocketOperationContext) -> Int32 {
  switch ctx.operation {
  case .activeEstablished, .passiveEstablished:
    established.count(ctx.remoteIPv4.bytes)
    ctx.setCallbacks([.state, .retransmit])
  default: break
  }
  return 1
}
