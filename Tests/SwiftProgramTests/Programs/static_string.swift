// expect: 5 kind=xdp
// language: StaticString
import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  let text: StaticString = "abcde"
  return Int32(truncatingIfNeeded: text.utf8CodeUnitCount)
}
