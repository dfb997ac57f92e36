// expect: 0 kind=xdp hosts=kernel
// maps: Records from the application (user ring buffer)
import BPF

let commands = UserRingBuffer(byteCount: 4096)
nonisolated(unsafe) var sum: UInt64 = 0

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  commands.drain { sample in
    sum &+= sample.load(UInt64.self) ?? 0
    return .next
  }
  return Int32(truncatingIfNeeded: sum)
}
