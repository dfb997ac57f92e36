import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let data = UnsafeRawPointer(bitPattern: UInt(ctx.pointer.pointee.data))!
  let type = data.load(fromByteOffset: 12, as: UInt16.self)
  return type == 8 ? .pass : .drop
}
