import BPF

protocol Header {
  static var length: UInt32 { get }
}
struct Short: Header {
  static var length: UInt32 { 4 }
}
struct Long: Header {
  static var length: UInt32 { 40 }
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  let type: any Header.Type = ctx.receiveQueue == 0 ? Short.self : Long.self
  return type.length == 4 ? .pass : .drop
}
