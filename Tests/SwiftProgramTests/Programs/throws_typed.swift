// expect: 77 kind=xdp
// language: Typed throws
import BPF

enum Problem: Error {
  case odd
}

func check(_ value: UInt32) throws(Problem) -> UInt32 {
  if value & 1 == 1 { throw .odd }
  return value
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  do throws(Problem) {
    return Int32(truncatingIfNeeded: try check(ctx.receiveQueue &+ 1))
  } catch {
    return 77
  }
}
