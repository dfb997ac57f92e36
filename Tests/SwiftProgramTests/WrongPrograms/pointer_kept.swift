import BPF

let table = ArrayMap<UInt64>(count: 4)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let entry = UnsafeMutablePointer<UInt64>(bitPattern: UInt(table[1]?.value ?? 0))
  return entry?.pointee == 0 ? .pass : .drop
}
